import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { startSchedLatency } from "../../bpf/programs/sched_latency.ts";
import type { Cell, Result } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { bpftraceMaps, bpftraceRun } from "../bpftrace_oracle.ts";
import { skip } from "../skip.ts";
import { inQuietWindow } from "./quiet_window.ts";
import { analyzeBeside, rowsOf } from "./beside.ts";
import { schedstat, twoLoops } from "./two_loops.ts";

const host = openHost();
const TIMES = 40;

/** Where the package bpftrace of Debian has its tools. */
const RUNQLAT = "/usr/sbin/runqlat.bt";

/** Whether the kernel kept switches of the load from programs. */
function missing(result: Result, runs: number, ...tables: readonly (readonly { readonly waits?: Cell }[])[]): boolean {
  const { missed_switch = 0 } = result.quality.lost_by;
  return missed_switch > 0 && tables.some(([row]) => row?.waits !== runs);
}

function near(value: unknown, expected: unknown, tolerance: number): void {
  const off = Math.abs(Number(value) - Number(expected));
  assert.ok(off <= Number(expected) * tolerance, `${value} is not within ${tolerance * 100} % of ${expected}`);
}

Deno.test("the recipe finds the same waits of both kinds as the program, over the same load in the same time", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  await inQuietWindow(async () => {
    await using loops = await twoLoops();
    const [pid] = loops.pids;
    const before = schedstat(pid).runs;
    const by = await analyzeBeside("sched_latency", pid, ["libbpf", "recipe"], () => loops.run(TIMES));
    const runs = schedstat(pid).runs - before;
    if (missing(by.libbpf.delays, runs, rowsOf(by.libbpf, "delays"), rowsOf(by.recipe, "delays"))) return true;
    const [ours, ...others] = rowsOf(by.libbpf, "delays");
    const [recipe, ...moreOthers] = rowsOf(by.recipe, "delays");
    assert.deepEqual([others, moreOthers], [[], []]);
    assert.deepEqual([recipe.pid, recipe.comm], [ours.pid, ours.comm]);
    assert.equal(ours.waits, runs);
    assert.deepEqual([recipe.waits, recipe.preemptions], [ours.waits, ours.preemptions]);
    // Each takes the time at its own moment, a few µs apart; waits are ms.
    for (const column of ["delay", "max", "p50", "p99"]) near(recipe[column], ours[column], 0.05);
    const [cpu] = rowsOf(by.libbpf, "cpus"), [recipeCpu] = rowsOf(by.recipe, "cpus");
    assert.deepEqual([cpu.cpu, cpu.waits], [0, recipeCpu.waits]);
    near(recipeCpu.delay, cpu.delay, 0.05);
    return false;
  });
});

Deno.test("/proc knows the sums of threads and processes", async () => {
  await using loops = await twoLoops();
  const [pid, other] = loops.pids;
  const before = loops.pids.map(schedstat);
  const both = await Promise.all([
    analyzeBeside("sched_latency", pid, ["proc"], () => loops.run(TIMES)),
    analyzeBeside("sched_latency", 0, ["proc"], () => new Promise((resolve) => setTimeout(resolve, 1))),
  ]);
  const after = loops.pids.map(schedstat);
  const [row, ...others] = rowsOf(both[0].proc, "delays");
  assert.deepEqual(others, []);
  assert.deepEqual([row.pid, row.tid, row.comm], [pid, pid, "sh"]);
  assert.equal(row.waits, after[0].runs - before[0].runs);
  assert.equal(row.delay, after[0].delay - before[0].delay);
  assert.equal(both[0].proc.cpus, undefined, "of one process the kernel does not know its CPUs");
  assert.ok(rowsOf(both[1].proc, "delays").every((r) => r.tid === null));
  assert.ok(other > 0);
});

Deno.test("runqlat.bt counts the same waits of a process, and as long ones", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  let text: string;
  try {
    text = await Deno.readTextFile(RUNQLAT);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("no runqlat.bt");
    throw error;
  }
  await inQuietWindow(async () => {
    await using loops = await twoLoops();
    const [pid] = loops.pids;
    // Its probes alone, for one process; what it leaves out, a task that lost the CPU inside of the kernel (R+), beside.
    const probes = text.replace(/^#.*$/gm, "").replace(/^(BEGIN|END)\n\{[\s\S]*?^\}/gm, "").replace("TASK_RUNNING", "0")
      .replace("if ($ns)", `if ($ns && args->next_pid == ${pid})`);
    const program = `${probes}
      tracepoint:sched:sched_switch /args->prev_pid == ${pid} && args->prev_state & 0x100/ { @in_kernel = count(); }`;
    const before = schedstat(pid).runs;
    using measurement = startSchedLatency({ host, pid });
    const result = await bpftraceRun(program, { json: true, work: () => loops.run(TIMES) });
    measurement.stop();
    if (!result) {
      skip("no bpftrace");
      return false;
    }
    const { tables: { delays: [row] }, quality } = await measurement.read();
    if (quality.lost_by.missed_switch > 0 && row?.waits !== schedstat(pid).runs - before) return true;
    const maps = bpftraceMaps(result.stdout);
    const { "": buckets } = maps["@usecs"] as Record<string, readonly { min?: number; max?: number; count: number }[]>;
    const theirs = buckets.reduce((n, b) => n + b.count, 0);
    const left_out = Number(maps["@in_kernel"] ?? 0);
    assert.equal(row.waits, theirs + left_out);
    // The bucket, in µs, in which their median lies, and its neighbours.
    let seen = 0;
    const median = buckets.find((b) => (seen += b.count) >= theirs / 2)!;
    const p50 = Number(row.p50) / 1000;
    assert.ok(
      p50 >= (median.min ?? 0) / 2 && p50 <= 2 * (median.max ?? 1) + 1,
      `${p50} µs, theirs ${JSON.stringify(median)}`,
    );
    return false;
  }, 4);
});
