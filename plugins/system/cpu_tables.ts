import type { Table } from "../../core/plugin_api/mod.ts";
import type { CpuTime } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { CPU_FIELDS, LOAD_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** Shares of one CPU's time. The kernel counts guest time in user and nice as well; total is without the double. */
function shares(before: CpuTime, after: CpuTime): number[] {
  const d = (k: keyof CpuTime): number => delta(before[k], after[k]);
  const [user, nice, system, irq, softirq, steal] = [
    d("user"),
    d("nice"),
    d("system"),
    d("irq"),
    d("softirq"),
    d("steal"),
  ];
  // idle and iowait can run backwards by a tick on some kernels (proc_stat(5)).
  const idle = Math.max(0, after.idle - before.idle);
  const iowait = Math.max(0, after.iowait - before.iowait);
  const busy = user + nice + system + irq + softirq + steal;
  const total = Math.max(1, busy + idle + iowait);
  return [busy, user + nice, nice, system, iowait, irq, softirq, steal, d("guest") + d("guestNice"), idle]
    .map((x) => x / total);
}

/** Row `all`, then one for each CPU that was online at both looks. */
export function cpuTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const rows: unknown[][] = [["all", ...shares(w.before.cpu.all, w.after.cpu.all)]];
  for (const [cpu, after] of w.after.cpu.cpus) {
    const before = w.before.cpu.cpus.get(cpu);
    if (before) rows.push([String(cpu), ...shares(before, after)]);
  }
  return sonde.data.tableFromRows(CPU_FIELDS, rows, windowQuality(sonde, w, rows.length));
}

/** One row about queues and rates. */
export function loadTable(sonde: SondeApi, w: Window<MachineLook>, running: number, blocked: number): Table {
  const load = sonde.host.loadAvg();
  const { before, after, seconds } = w;
  const delay = before.runDelayNs === null || after.runDelayNs === null
    ? null
    : delta(before.runDelayNs, after.runDelayNs) / w.durationNs;
  const notes = delay === null
    ? ["The kernel keeps no run-queue delay of all tasks (CONFIG_SCHEDSTATS=n): that of processes is in list_processes"]
    : [];
  const row = [
    after.cpu.cpus.size,
    load?.load1 ?? null,
    load?.load5 ?? null,
    load?.load15 ?? null,
    running,
    blocked,
    delay,
    delta(before.cpu.forks, after.cpu.forks) / seconds,
    delta(before.cpu.contextSwitches, after.cpu.contextSwitches) / seconds,
    delta(before.cpu.interrupts, after.cpu.interrupts) / seconds,
    load?.threads ?? null,
  ];
  return sonde.data.tableFromRows(LOAD_FIELDS, [row], windowQuality(sonde, w, 1, notes));
}
