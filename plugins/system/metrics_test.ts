import assert from "node:assert/strict";
import { recordsOf, type Table } from "../../core/data/mod.ts";
import { type CgroupStat, type CpuTime, type Host, openHost } from "../../core/host/mod.ts";
import { createSondeApi } from "../../cli/sonde_api.ts";
import { type MetricsPart, systemMetrics } from "./metrics.ts";

const signal = new AbortController().signal;
const only = (part: MetricsPart): Parameters<typeof systemMetrics>[1] => ({
  durationNs: 1e6,
  numa: false,
  irq: false,
  signal,
  parts: new Set([part]),
});

/** This machine, but with some readers answering one value after another (the last one stays). */
function scripted(readers: Partial<Record<keyof Host, readonly unknown[]>>): Host {
  const host: Record<string, unknown> = { ...openHost() };
  for (const [name, values] of Object.entries(readers)) {
    let i = 0;
    host[name] = (): unknown => values[Math.min(i++, values.length - 1)];
  }
  return host as unknown as Host;
}

Deno.test("get_system_metrics: shares of a CPU's time add up to 1 and follow the counters", async () => {
  const look = (user: number, system: number, idle: number): ReturnType<Host["cpuTimes"]> => {
    const t: CpuTime = {
      ...{ user, nice: 0, system, idle, iowait: 0 },
      ...{ irq: 0, softirq: 0, steal: 0, guest: 0, guestNice: 0 },
    };
    const counters = { contextSwitches: 0, interrupts: 0, forks: 0, running: 1, blocked: 0, bootTimeS: 0 };
    return { all: t, cpus: new Map([[0, t]]), ...counters };
  };
  // The first look opens the window; whatever is read from then on, be it samples of the run queue, is the end's.
  const host = scripted({ cpuTimes: [look(1e9, 1e9, 1e9), look(4e9, 2e9, 7e9)] });
  const { cpu } = await systemMetrics(createSondeApi(host), only("cpu"));
  const [all] = recordsOf(cpu as Table);
  assert.deepEqual([all.cpu, all.user, all.system, all.idle, all.usage], ["all", 0.3, 0.1, 0.6, 0.4]);
});

const CGROUP: CgroupStat = {
  path: "/svc",
  version: 2,
  container: null,
  processes: 2,
  cpuNs: 0,
  cpuQuota: 0.2,
  periods: 100,
  throttledPeriods: 10,
  throttledNs: 1e9,
  memory: 90 << 20,
  memoryLimit: 100 << 20,
  memoryHigh: null,
  anon: 0,
  file: 0,
  limitHits: 5,
  oomKills: 0,
  refaults: 100,
  majorFaults: 0,
  ioReadBytes: null,
  ioWriteBytes: null,
  pressure: { cpu: null, memory: null, io: null },
};

Deno.test("get_system_metrics: a control group's throttling, limit hits and refaults are those of the window", async () => {
  const after = { ...CGROUP, periods: 120, throttledPeriods: 25, throttledNs: 3e9, limitHits: 7, refaults: 400 };
  const api = createSondeApi(scripted({ cgroups: [[CGROUP], [after]] }));
  const { cgroups } = await systemMetrics(api, only("cgroups"));
  const [row] = recordsOf(cgroups as Table);
  assert.equal(row.throttled_periods, 15);
  assert.equal(row.throttled_ratio, 0.75);
  assert.equal(row.throttled_time, 2e9);
  assert.equal(row.limit_hits, 2);
  assert.equal(row.memory_ratio, 0.9);
  assert.ok(Math.abs(Number(row.refaults) * cgroups.quality.duration_ns / 1e9 - 300) < 1e-6);
  assert.equal(row.cpu_pressure, null);
});

Deno.test("get_system_metrics: what a kernel without PSI cannot tell is said, not shown as zero", async () => {
  const { pressure } = await systemMetrics(createSondeApi(scripted({ pressure: [null] })), only("pressure"));
  assert.equal((pressure as Table).length, 0);
  assert.match(pressure.quality.notes.join(), /no pressure stall information/);
});

Deno.test("get_system_metrics: a window that is ended early reports what there is, with its real length", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  const options = { durationNs: 60e9, numa: false, irq: false, signal: stop.signal };
  const { load } = await systemMetrics(createSondeApi(), options);
  assert.ok(load.quality.duration_ns < 30e9);
});
