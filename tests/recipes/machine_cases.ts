import assert from "node:assert/strict";
import { all, between, num, only, total } from "./expectations.ts";
import { cpuTime, hasPressure, memoryInfo, pressure, receivedBytes } from "./kernel_counters.ts";
import type { RecipeCase, TestGroup } from "./recipe_case.ts";

const THROTTLED = `sonde_throttled_${Deno.pid}`;
const NOISY = `sonde_noisy_${Deno.pid}`;
const NO_CGROUP = "no CPU cgroup that a test may change";

/** Recipes about the whole machine, its containers, and budgets. */
export const MACHINE_CASES: readonly RecipeCase[] = [
  {
    recipe: "use_sweep",
    beside: async (b) => [await b.start("spin_until_stopped", 2), await b.start("datagrams_until_stopped")],
    counters: () => ({ bytes: receivedBytes("lo") }),
    check({ rows, seconds, around }) {
      assert.equal(rows("cpus").length, navigator.hardwareConcurrency + 1);
      between(only(rows("cpus"), { cpu: "all" }), "utilization", 0.6, 1);
      between(rows("run_queue")[0], "cpus", navigator.hardwareConcurrency, navigator.hardwareConcurrency);
      between(rows("run_queue")[0], "running", 1, Infinity);
      const used = 1 - memoryInfo("MemAvailable") / memoryInfo("MemTotal");
      between(rows("memory")[0], "utilization", used - 0.1, used + 0.1);
      const received = num(only(rows("network"), { interface: "lo" }), "rx_bytes") * seconds("network");
      assert.ok(received > 20_000 && received <= around.bytes * 1.02, `${received} of ${around.bytes}`);
      assert.equal(rows("tcp").length, 1);
      if (hasPressure()) assert.deepEqual(rows("pressure").map((r) => r.resource), ["cpu", "memory", "io"]);
    },
  },
  {
    recipe: "sixty_seconds",
    beside: async (b) => [await b.start("spin_until_stopped", 2)],
    counters: ([load]) => ({ cpu_ns: load ? cpuTime(load.pid) : 0 }),
    check({ rows, seconds, around }, { comm }) {
      const row = only(rows("processes"), { comm });
      between(row, "cpu", 0.1, (around.cpu_ns + 3e7) / 1e9 / seconds("processes"));
      const load1 = Number(Deno.readTextFileSync("/proc/loadavg").split(" ")[0]);
      between(rows("load")[0], "load1", load1 - 2, load1 + 2);
      between(rows("memory")[0], "total", memoryInfo("MemTotal"), memoryInfo("MemTotal"));
      between(only(rows("cpus"), { cpu: "all" }), "usage", 0.5, 1);
      assert.ok(rows("network").some((r) => r.interface === "lo"));
      assert.equal(rows("tcp").length, 1);
    },
  },
  {
    recipe: "throttled_cgroups",
    missing: (b) => b.group("cpu", THROTTLED) ? null : NO_CGROUP,
    async beside(b) {
      const group = b.group("cpu", THROTTLED)!;
      if (group.version === 1) {
        group.set("cpu.cfs_period_us", "50000");
        group.set("cpu.cfs_quota_us", "5000");
      } else group.set("cpu.max", "5000 50000");
      return [await b.startIn(group, "spin_until_stopped", 1)];
    },
    check({ rows, report }, b) {
      const row = only(rows("groups"), { path: `/${THROTTLED}` });
      between(row, "cpu_quota", 0.1, 0.1);
      between(row, "throttled_ratio", 0.5, 1);
      between(row, "throttled_periods", 5, stat(b.group("cpu", THROTTLED)!, "nr_throttled"));
      assert.equal(report.expects[0].outcome, "fail");
    },
  },
  {
    recipe: "noisy_neighbours",
    missing: (b) => b.group("cpuacct", NOISY) ? null : NO_CGROUP,
    beside: async (b) => [await b.startIn(b.group("cpuacct", NOISY)!, "spin_until_stopped", 2)],
    counters: ([load]) => ({ cpu_ns: load ? cpuTime(load.pid) : 0 }),
    check({ rows, seconds, around }) {
      const row = only(rows("by_cpu"), { path: `/${NOISY}` });
      between(row, "cpu", 0.1, (around.cpu_ns + 3e7) / 1e9 / seconds("by_cpu"));
      between(row, "processes", 1, 1);
      assert.ok(rows("by_memory").length > 0);
    },
  },
  {
    recipe: "pressure_gate",
    missing: () => hasPressure() ? null : "no pressure stall information",
    params: () => ({ cpu: "0%", memory: "100%", io: "100%" }),
    beside: async (b) => [await b.start("spin_until_stopped", 2 * navigator.hardwareConcurrency)],
    counters: () => ({ cpu_us: pressure("cpu") }),
    check({ rows, seconds, around, report }) {
      const row = only(rows("pressure"), { resource: "cpu" });
      between(row, "some", 0.1, around.cpu_us / 1e6 / seconds("pressure") * 1.02);
      assert.deepEqual(report.expects.map((e) => e.outcome), ["fail", "pass", "pass"]);
    },
  },
  {
    recipe: "pressure_watch",
    missing: () => hasPressure() ? null : "no pressure stall information",
    params: () => ({ window: "1s", round: "200ms", most: "1%" }),
    beside: async (b) => [await b.start("spin_until_stopped", 2 * navigator.hardwareConcurrency)],
    check({ rows, report }) {
      const cpu = all(rows("pressure"), { resource: "cpu" });
      assert.ok(cpu.length >= 3 && cpu.length <= 5, `${cpu.length} rounds`);
      assert.ok(cpu.some((r) => num(r, "some") > 0.1));
      assert.deepEqual(report.alerts.map((a) => a.message), ["Tasks wait for a resource"], "once, as it does not end");
    },
  },
  {
    recipe: "latency_gate",
    params: () => ({ run_queue: "1ns", disk: "10m", sync: "10m" }),
    beside: async (b) => [await b.start("write_until_stopped", `${b.folder}/written`)],
    check({ rows, report }) {
      assert.ok(num(rows("run_queue")[0], "waits") > 0);
      assert.ok(num(rows("sync")[0], "calls") >= 10);
      assert.ok(total(rows("disk"), "requests") >= 10);
      assert.deepEqual(report.expects.map((e) => e.outcome), ["fail", "pass", "pass"]);
    },
  },
];

function stat(group: TestGroup, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, "m").exec(group.get("cpu.stat"))?.[1]);
}
