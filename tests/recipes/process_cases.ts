import assert from "node:assert/strict";
import { between, num, only } from "./expectations.ts";
import { statusOf } from "./kernel_counters.ts";
import type { RecipeCase } from "./recipe_case.ts";

const LIMIT = 16 * 2 ** 20;

/** Recipes about processes, their starts and ends, and signals. */
export const PROCESS_CASES: readonly RecipeCase[] = [
  {
    recipe: "new_processes",
    async work(b) {
      for (let i = 0; i < 10; i++) await b.load("spin", 1);
      return {};
    },
    check({ rows }, { comm, program }) {
      const row = only(rows("started"), { comm });
      between(row, "count", 10, 10);
      assert.equal(row.example, `${program} spin 1`);
      between(only(rows("ended"), { comm }), "count", 10, 10);
    },
  },
  {
    recipe: "who_forks",
    async work(b) {
      await b.load("child", 20);
      return b.load("thread", 30);
    },
    check({ rows }, { comm }) {
      const row = only(rows("tasks"), { comm });
      between(row, "processes", 20, 20);
      between(row, "threads", 30, 30);
    },
  },
  {
    recipe: "short_lived_processes",
    work: (b) => b.load("child", 20),
    check({ rows }, { comm }) {
      const row = only(rows("ended"), { comm, parent_comm: comm });
      between(row, "count", 20, 20);
      between(row, "failed", 10, 10);
      // Each sleeps 5 ms.
      between(row, "p50_lifetime", 5e6, 2e8);
      assert.ok(num(row, "max_lifetime") >= num(row, "p50_lifetime") * 0.99);
    },
  },
  {
    recipe: "blocked_tasks",
    beside: async (b) => [await b.start("blocked_until_stopped")],
    counters: ([load]) => ({ pid: load ? load.pid : 0, ...(load ? { d: Number(isBlocked(load.pid)) } : {}) }),
    check({ rows }, { comm }) {
      const row = rows("blocked").find((r) => r.comm === comm && num(r, "blocked") > 0.9);
      assert.ok(row, `it is blocked all the time: ${JSON.stringify(rows("blocked"))}`);
      assert.equal(row.state, "D");
      assert.match(String(row.wait), /vfork/);
    },
  },
  {
    recipe: "signals",
    work: (b) => b.load("signal", 50),
    check({ rows }, { comm }) {
      const user = only(rows("signals"), { sender: comm, receiver: `${comm}_b`, signal: "SIGUSR1" });
      between(user, "count", 50, 50);
      between(user, "ignored", 50, 50);
      between(only(rows("signals"), { sender: comm, receiver: `${comm}_b`, signal: "SIGKILL" }), "count", 1, 1);
      between(only(rows("signals"), { sender: `${comm}_b`, receiver: comm, signal: "SIGCHLD" }), "count", 1, 1);
    },
  },
  {
    recipe: "oom_kills",
    missing: (b) => b.group("memory", `sonde_oom_${Deno.pid}`) ? null : "no memory cgroup that a test may change",
    async work(b) {
      const group = b.group("memory", `sonde_oom_${Deno.pid}`)!;
      group.set(group.version === 1 ? "memory.limit_in_bytes" : "memory.max", String(LIMIT));
      if (group.version === 2) group.set("memory.swap.max", "0");
      const { pid, facts } = await b.loadIn(group, "touch", 2 * LIMIT / 4096);
      assert.equal(facts, null, "it is killed");
      return { pid };
    },
    check({ rows, facts }, { comm }) {
      assert.equal(only(rows("victims"), { victim: facts.pid }).allocated_by, comm);
      assert.equal(only(rows("kills"), { victim: facts.pid }).victim_comm, comm);
      const [memory] = rows("memory");
      between(memory, "available", 1, num(memory, "total"));
    },
  },
  {
    recipe: "process_budget",
    params: ({ comm }) => ({ comm, cpu: "1%", threads: "3" }),
    beside: async (b) => [await b.start("spin_until_stopped", 2)],
    counters: ([load]) => ({ threads: load ? statusOf(load.pid, "Threads") : 0 }),
    check({ rows, report }) {
      between(only(rows("service"), { processes: 1 }), "threads", 3, 3);
      const outcomes = report.expects.map((e) => e.outcome);
      assert.deepEqual(outcomes, ["pass", "fail", "pass", "pass", "pass"]);
    },
  },
  {
    recipe: "service_gate",
    params: ({ comm }) => ({ comm, slow: "10m" }),
    beside: async (b) => [await b.start("write_until_stopped", `${b.folder}/written`)],
    check({ rows, report }) {
      between(rows("service")[0], "processes", 1, 1);
      // Two calls, and the wait between them that is left out, each 5 ms.
      between(rows("calls")[0], "calls", 20, 500);
      between(rows("calls")[0], "exhausted", 0, 0);
      assert.deepEqual(report.expects.map((e) => e.outcome), Array(7).fill("pass"));
    },
  },
];

function isBlocked(pid: number): boolean {
  return /^State:\tD/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
}
