import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { recordsOf } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { compileFutexProgram, type FutexFacts, startFutexProgram } from "../futex_program.ts";
import { skip } from "../skip.ts";
import { analyzeBeside, rowsOf } from "./beside.ts";

type Row = Readonly<Record<string, unknown>>;

const host = openHost();
const folder = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const program = await compileFutexProgram(folder);

/** Rows of futex(2) alone by address and operation; what waits on is left out. */
function byCall(rows: readonly Row[], columns: readonly string[]): Map<string, readonly unknown[]> {
  const sums = new Map<string, number[]>();
  for (const row of rows) {
    if (row.operation === "futex_waitv") continue;
    const values = columns.map((column) => Number(row[column]));
    const key = `${row.address} ${row.operation} ${row.tid}`;
    const sum = sums.get(key);
    if (sum) values.forEach((v, i) => sum[i] += v);
    else sums.set(key, values);
  }
  for (const [key, values] of sums) if (values.every((v) => v === 0)) sums.delete(key);
  return new Map([...sums].sort());
}

Deno.test("the recipe finds the same waits and wakes as the program, over the same load in the same time", async () => {
  const why = libbpfObstacle() ?? (program === null ? "no gcc" : null);
  if (why) return skip(why);
  await using load = await startFutexProgram(program!);
  let facts: FutexFacts | undefined;
  const by = await analyzeBeside("futex_contention", load.pid, ["libbpf", "recipe"], async () => {
    facts = await load.go();
  });
  const waits = ["waits", "timeouts", "missed"], wakes = ["calls", "woken", "nobody"];
  assert.deepEqual(
    byCall(rowsOf(by.recipe, "waiters"), waits),
    byCall(rowsOf(by.libbpf, "waiters"), waits),
  );
  assert.deepEqual(byCall(rowsOf(by.recipe, "wakers"), wakes), byCall(rowsOf(by.libbpf, "wakers"), wakes));
  for (const name of ["mutex", "pi", "sem", "timed"]) {
    const [ours, recipe] = [by.libbpf, by.recipe].map((results) =>
      rowsOf(results, "locks").find((l) => Number(l.address) === Number(facts![name]))!
    );
    for (const column of ["waits", "timeouts", "threads", "wakes", "woken", "shared"]) {
      assert.equal(Number(recipe[column]), Number(ours[column]), `${column} of ${name}`);
    }
    // The clocks are read a few µs apart; waits are ms.
    for (const column of ["delay", "p50", "max"]) {
      const off = Math.abs(Number(recipe[column]) / Number(ours[column]) - 1);
      assert.ok(off < 0.05, `${column} of ${name}: ${recipe[column]}, ${ours[column]}`);
    }
  }
  // As the flame graph: where it waited for the mutex. On a busy machine some stacks are without their outer frames.
  const profile = by.libbpf.profile;
  assert.equal(profile.kind, "profile");
  if (Object.values(profile.quality.unwind_failures_by ?? {}).some((n) => n > 0)) return;
  const names = profile.kind === "profile" ? profile.frames.map((f) => f.function) : [];
  for (const name of ["worker", "one_of_crowd"]) assert.ok(names.includes(name), name);
});

Deno.test("/proc tells who waits for which lock", async () => {
  if (program === null) return skip("no gcc");
  await using load = await startFutexProgram(program);
  const facts = await load.go();
  const by = await analyzeBeside("futex_contention", load.pid, ["proc"], async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
  });
  if (host.threadCall(load.pid, facts.worker) === null) return skip("no /proc/PID/syscall");
  const locks = rowsOf(by.proc, "locks");
  assert.deepEqual(locks.map((l) => Number(l.address)).sort(), [Number(facts.late), Number(facts.stuck)].sort());
  const table = by.proc.locks;
  assert.ok(table.quality.estimated);
  for (const lock of locks) {
    assert.deepEqual([lock.still, lock.at_once, lock.threads, lock.waits], [1, 1, 1, null]);
    const off = Number(lock.delay) / table.quality.duration_ns;
    assert.ok(off > 0.5 && off <= 1.001, `${lock.delay} of ${table.quality.duration_ns}`);
  }
  const operations = rowsOf(by.proc, "waiters").map((w) => [w.tid, w.operation]);
  assert.ok(operations.some(([tid, operation]) => tid === facts.worker && operation === "wait"));
  assert.ok(table.kind === "table" && recordsOf(table).length === 2);
});
