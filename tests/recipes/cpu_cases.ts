import assert from "node:assert/strict";
import { functionsOf } from "../functions_of.ts";
import { all, between, histogramCount, num, only, total } from "./expectations.ts";
import { cpuTime, interrupts, softInterrupts } from "./kernel_counters.ts";
import type { RecipeBench, RecipeCase } from "./recipe_case.ts";

const ONE_CPU = (): string | null => navigator.hardwareConcurrency < 2 ? "it has one CPU" : null;
/** Name of a container's control group, as docker's driver for systemd gives it. */
const CONTAINER = `${Deno.pid.toString(16).padStart(8, "0")}${"5".repeat(56)}`;
const GROUP = `docker-${CONTAINER}.scope`;

/**
 * What a wakeup takes beside the queue, at most: the idle CPU awakes, and our programs run at both of its ends. The
 * kernel's account of the queue has neither.
 */
const WAKE_NS = 20_000;

/** Recipes about CPUs and the scheduler. */
export const CPU_CASES: readonly RecipeCase[] = [
  {
    recipe: "cpu_hotspots",
    beside: async (b) => [await b.start("spin_until_stopped", 1)],
    check({ report }) {
      const profile = report.results.hotspots;
      assert.equal(profile.kind, "profile");
      assert.match(JSON.stringify(profile), /spin_forever/, "the load's only function");
    },
  },
  {
    recipe: "cpu_by_process",
    beside: async (b) => [await b.start("spin_until_stopped", 2)],
    counters: (loads) => ({ cpu_ns: loads.length > 0 ? cpuTime(loads[0].pid) : 0 }),
    check({ rows, seconds, around }, { comm }) {
      const row = only(rows("processes"), { comm });
      // The window lies inside of the time that /proc is asked about.
      between(row, "cpu", 0.1, (around.cpu_ns + 3e7) / 1e9 / seconds("processes"));
      between(row, "threads", 3, 3);
      assert.ok(Math.abs(num(row, "user") + num(row, "system") - num(row, "cpu")) < 0.02);
      between(only(rows("names"), { comm }), "count", 1, 1);
    },
  },
  {
    recipe: "cpu_by_container",
    missing: (b) => b.group(null, GROUP)?.version === 2 ? null : "no cgroup v2 that a test may change",
    work: async (b) => (await b.loadIn(b.group(null, GROUP)!, "spin", 400)).facts!,
    check({ rows, seconds }, { comm }) {
      const row = only(rows("groups"), { comm, cgroup: `/${GROUP}` });
      assert.equal(String(row.container), CONTAINER.slice(0, String(row.container).length));
      assert.ok(String(row.container).length >= 12);
      // 400 ms of CPU time are 40 samples.
      between(row, "samples", 25, 55);
      between(row, "cpu", 0.25 / seconds("groups"), 0.56 / seconds("groups"));
    },
  },
  {
    recipe: "run_queue_latency",
    work: (b) => b.load("crowd", 300),
    check({ rows, facts }, { comm }) {
      const row = only(rows("waits"), { comm });
      between(row, "waits", facts.count, facts.count * 1.2);
      // The kernel's own account of the thread has the waits after its CPU was taken, too, and not the first one of the
      // second process, which has its name still.
      const most = 1.1 * facts.run_delay_ns + num(row, "max_duration") + num(row, "waits") * WAKE_NS;
      between(row, "total", 0.3 * facts.run_delay_ns, most);
      assert.equal(histogramCount(row.hist_duration), num(row, "waits"));
      assert.ok(num(row, "p50_duration") <= num(row, "p99_duration"));
      assert.ok(num(row, "p99_duration") <= num(row, "max_duration") * 1.01);
    },
  },
  {
    recipe: "sched_latency",
    work: (b) => b.load("crowd", 300),
    check({ rows, facts }, { comm }) {
      const woken = all(rows("woken"), { comm });
      assert.ok(total(woken, "waits") >= facts.count && total(woken, "waits") <= facts.count * 1.2);
      // The kernel's own account of the thread has both kinds of wait, and no time in which an idle CPU awakes.
      const preempted = all(rows("preempted"), { comm });
      const delay = total([...woken, ...preempted], "delay"), waits = total([...woken, ...preempted], "waits");
      const longest = Math.max(...[...woken, ...preempted].map((row) => num(row, "max_duration")));
      assert.ok(delay >= 0.9 * facts.run_delay_ns - longest, `${delay} of ${facts.run_delay_ns}`);
      assert.ok(delay <= 1.1 * facts.run_delay_ns + longest + waits * WAKE_NS, `${delay} of ${facts.run_delay_ns}`);
      assert.ok(total(all(rows("preempted"), { comm: `${comm}_b` }), "waits") >= 20);
      for (const row of woken) assert.equal(histogramCount(row.hist_duration_64), num(row, "waits"));
    },
  },
  {
    recipe: "run_queue_slow",
    params: () => ({ least: "100us" }),
    work: (b) => b.load("crowd", 200),
    check({ rows, facts }, { comm }) {
      const slow = all(rows("waits"), { comm });
      assert.ok(slow.length >= 1, "no slow wait");
      const longest = Math.max(...slow.map((r) => num(r, "waited")));
      assert.ok(slow.every((r) => num(r, "waited") >= 1e5));
      assert.ok(total(slow, "waited") <= 1.1 * facts.run_delay_ns + longest + slow.length * WAKE_NS);
      assert.equal(total(rows("behind"), "waits"), rows("waits").length);
    },
  },
  {
    recipe: "off_cpu_by_reason",
    work: (b) => b.load("crowd", 200),
    check({ rows, facts }, { comm }) {
      const sleeps = only(rows("waits"), { comm, reason: "sleeps" });
      // A timer may end before the thread has left its CPU: then it does not sleep.
      between(sleeps, "waits", 0.9 * facts.count, facts.count + 10);
      // Each sleep is a millisecond, and the wait for the CPU behind it.
      between(sleeps, "total", num(sleeps, "waits") * 1e6, facts.count * 1.5e6 + 1.2 * facts.run_delay_ns + 5e7);
      between(only(rows("waits"), { comm: `${comm}_b`, reason: "preempted" }), "waits", 20, 1000);
      const reasons = rows("reasons");
      assert.ok(num(only(reasons, { reason: "sleeps" }), "total") >= num(sleeps, "total"));
    },
  },
  {
    recipe: "off_cpu_stacks",
    seesOthers: true,
    beside: async (b) => [await b.start("wait", "sleep", 100)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows, facts, report }, { comm }) {
      assert.deepEqual(rows("threads").filter((r) => r.comm !== comm), [], "one process was asked for");
      const sleeps = only(rows("threads"), { comm, reason: "sleep" });
      between(sleeps, "waits", 0.7 * facts.count, facts.voluntary + 1);
      // It is the byte that it waits for at first that is not in what it says.
      between(sleeps, "total", num(sleeps, "waits") * 1e6, facts.ns + 2e9);
      const profile = report.results.stacks;
      assert.equal(profile.kind, "profile");
      if (profile.kind !== "profile") return;
      const chains = profile.stacks.map((s) => s.frames.map((f) => profile.frames[f].function));
      assert.ok(chains.some((c) => c.includes("main") && c.some((f) => /nanosleep/.test(f))), JSON.stringify(chains));
      const total_ns = profile.stacks.reduce((sum, s) => sum + Number(s.values[0]), 0);
      assert.ok(Math.abs(total_ns / total(rows("threads"), "total") - 1) < 0.01, "the flame is the same time");
    },
  },
  {
    recipe: "context_switches",
    work: (b) => b.load("sleep", 200),
    check({ rows, facts }, { comm }) {
      const row = only(rows("switches"), { comm });
      // Its start and end are in the window, and not in what it says.
      between(row, "voluntary", facts.voluntary, facts.voluntary + 20);
      between(row, "involuntary", facts.involuntary, facts.involuntary + 20);
      assert.equal(num(row, "voluntary") + num(row, "involuntary"), num(row, "switches"));
    },
  },
  {
    recipe: "cpu_migrations",
    missing: ONE_CPU,
    work: (b) => b.load("migrate", 50),
    check({ rows }, { comm }) {
      between(only(rows("threads"), { comm }), "moves", 50, 56);
      between(only(rows("routes"), { from_cpu: 0, to_cpu: 1 }), "moves", 25, Infinity);
      between(only(rows("routes"), { from_cpu: 1, to_cpu: 0 }), "moves", 24, Infinity);
    },
  },
  {
    recipe: "wakeups",
    work: (b) => b.load("ping_pong", 500),
    check({ rows, facts }, { comm }) {
      // Each time that it gave up the CPU, the other one woke it.
      const woken = total(all(rows("pairs"), { woken: comm }), "wakeups");
      assert.ok(woken >= facts.voluntary && woken <= facts.voluntary + 10, `${woken} of ${facts.voluntary}`);
      between(only(rows("pairs"), { waker: `${comm}_b`, woken: comm }), "wakeups", 0.9 * facts.voluntary, woken);
      between(only(rows("pairs"), { waker: comm, woken: `${comm}_b` }), "wakeups", 1, facts.count + 10);
    },
  },
  {
    recipe: "timers",
    work: (b) => b.load("sleep", 200),
    check({ rows, facts }, { comm }) {
      between(only(rows("timers"), { comm, ends_in: "hrtimer_wakeup" }), "timers", facts.count, facts.count + 5);
    },
  },
  {
    recipe: "softirq_time",
    work: (b) => b.load("drop", 2000),
    counters: () => ({ net_rx: softInterrupts("NET_RX") }),
    check({ rows, inside, around, seconds }) {
      const row = only(rows("kinds"), { kind: "net_rx" });
      assert.ok(inside.net_rx >= 2000);
      between(row, "count", 0.95 * inside.net_rx, around.net_rx);
      between(
        row,
        "cpu",
        0.95 * num(row, "total") / 1e9 / seconds("kinds"),
        1.05 * num(row, "total") / 1e9 / seconds("kinds"),
      );
      assert.ok(num(row, "longest") <= num(row, "total"));
      assert.equal(total(rows("by_cpu"), "count"), total(rows("kinds"), "count"));
    },
  },
  {
    recipe: "interrupts",
    prepare: (b) => coldFile(b, 512),
    work: (b) => b.load("direct_read", `${b.folder}/cold`, 100, 5),
    counters: interrupts,
    check({ rows, inside, around }) {
      const handlers = rows("handlers");
      assert.ok(handlers.length > 0, "no interrupt");
      for (const row of handlers) {
        const key = `${row.irq}/${row.on_cpu}`;
        // Some virtual machines show tracers most interrupts only: their ends of disk requests, too. Of few it may be none.
        const there = inside[key] ?? 0;
        between(row, "count", there >= 50 ? 0.6 * there : 0, around[key] ?? 0);
      }
      assert.ok(total(handlers, "count") > 0);
    },
  },
  {
    recipe: "kernel_work",
    work: (b) => b.load("write_back", `${b.folder}/dirty`, 500),
    check({ rows }) {
      const row = only(rows("work"), { function: "wb_workfn" });
      between(row, "count", 1, 1000);
      between(row, "total", num(row, "max_duration"), Infinity);
    },
  },
  {
    recipe: "lock_contention",
    beside: async (b) => [await b.start("wait", "contend", 20)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows, facts }, { comm }) {
      const inSeek = rows("sites").filter((r) => functionsOf(r.stack).some((f) => /lseek/.test(f)));
      const mine = inSeek.filter((r) => num(r, "flags") & 32);
      assert.ok(mine.length > 0 && mine.every((r) => r.comm === comm));
      const waited = total(mine, "total");
      assert.ok(waited > 0 && waited <= facts.waited, `${waited} ns, its own clock says ${facts.waited}`);
      // What else waits there is an interrupt that came meanwhile: for a spinlock.
      assert.ok(inSeek.every((r) => num(r, "flags") & (32 | 1)), "a mutex");
    },
  },
];

function coldFile(b: RecipeBench, pages: number): Promise<unknown> {
  return b.load("make_cold", `${b.folder}/cold`, pages);
}
