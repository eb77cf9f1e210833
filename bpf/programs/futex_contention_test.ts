import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { kill } from "../../core/sys/mod.ts";
import { bpftraceRun } from "../../tests/bpftrace_oracle.ts";
import { compileC } from "../../tests/compile_c.ts";
import { compileFutexProgram, type FutexFacts, startFutexProgram } from "../../tests/futex_program.ts";
import { skip } from "../../tests/skip.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { startFutexContention } from "./futex_contention.ts";

type Row = Readonly<Record<string, unknown>>;

const SIGUSR1 = 10, SIGKILL = 9, SIGSTOP = 19, SIGCONT = 18;
const host = openHost();
const folder = Deno.makeTempDirSync();
const program = await compileFutexProgram(folder);
const why = libbpfObstacle() ?? (program === null ? "no gcc" : null);

/** The row of a lock by its name in the program. */
function lockOf(rows: readonly Row[], facts: FutexFacts, name: string): Row {
  const found = rows.filter((row) => row.address === BigInt(facts[name]));
  assert.equal(found.length, 1, `rows of ${name}`);
  return found[0];
}

/** As much as the program has measured around its calls; it may have lost the CPU between the call and its clock. */
function asMeasured(row: Row, ownNs: number): void {
  const delay = Number(row.delay);
  assert.ok(delay <= ownNs && delay >= 0.95 * ownNs - 30e6, `${delay} of ${ownNs}`);
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((n, row) => n + Number(row[column]), 0);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Runs the program in a window of its own. */
async function measured(): Promise<{ readonly facts: FutexFacts; readonly analysis: Analysis; readonly pid: number }> {
  await using load = await startFutexProgram(program!);
  using measurement = startFutexContention({ host, pid: load.pid });
  const facts = await load.go();
  measurement.stop();
  return { facts, analysis: await measurement.read(), pid: load.pid };
}

Deno.test("every wait for locks of known kinds is counted, and its time is the program's own", async () => {
  if (why) return skip(why);
  const { facts, pid, analysis: { tables, quality } } = await measured();
  assert.deepEqual(quality.lost_by, {});
  const { locks, waiters, wakers, holders, stacks } = tables;
  const { rounds, tid, worker } = facts;
  for (const name of ["mutex", "pi", "sem"]) {
    const row = lockOf(locks, facts, name);
    assert.deepEqual([row.waits, row.timeouts, row.missed, row.still, row.threads], [rounds, 0, 0, 0, 1], name);
    assert.deepEqual([row.pid, row.comm, row.shared, row.at_once], [pid, "futexes", false, 1]);
    assert.match(String(row.place), /\/futexes\+0x[\da-f]+$/);
    asMeasured(row, Number(facts[`${name}_ns`]));
    assert.ok(Number(row.p50) <= Number(row.p99) && Number(row.p99) <= Number(row.max));
    // Whoever waited was this thread, from one place in the code.
    const waiter = lockOf(waiters, facts, name);
    assert.deepEqual([waiter.tid, waiter.waits, waiter.delay], [worker, rounds, row.delay]);
    assert.equal(lockOf(stacks, facts, name).delay, row.delay);
  }
  // Each of them was let go by the main thread, which had it: but a semaphore belongs to nobody.
  for (const name of ["mutex", "sem"]) {
    const woke = wakers.filter((w) => w.address === BigInt(facts[name]) && w.tid === tid);
    assert.equal(sum(woke, "woken"), rounds);
  }
  assert.ok(wakers.some((w) => w.address === BigInt(facts.pi) && w.operation === "unlock_pi" && w.tid === tid));
  for (const name of ["mutex", "pi"]) {
    const row = lockOf(locks, facts, name);
    assert.deepEqual([row.holder, row.holder_comm, row.holder_share], [tid, "futexes", 1]);
    assert.equal(lockOf(holders, facts, name).waits, rounds);
  }
  assert.equal(lockOf(locks, facts, "mutex").kind, "mutex");
  assert.equal(lockOf(locks, facts, "pi").kind, "PI mutex");
  assert.equal(lockOf(locks, facts, "sem").holder, null);
  // A condition of glibc has two words, which take turns.
  const cond = BigInt(facts.cond);
  const words = locks.filter((l) =>
    Number(BigInt(l.address as bigint) - cond) >= 0 && BigInt(l.address as bigint) < cond + 48n
  );
  assert.equal(sum(words, "waits"), rounds);
  assert.equal(sum(words, "woken"), rounds);
  asMeasured({ delay: sum(words, "delay") }, Number(facts.cond_ns));
  // Nobody posted.
  const timed = lockOf(locks, facts, "timed");
  assert.deepEqual([timed.waits, timed.timeouts, timed.woken], [10, 10, 0]);
  asMeasured(timed, Number(facts.timed_ns));
  // Three waited at once; which of them finds it free again is up to them.
  const crowd = lockOf(locks, facts, "crowd");
  assert.deepEqual([crowd.threads, crowd.at_once, crowd.holder], [3, 3, tid]);
  // Of several locks, the one that ended the wait counts.
  const second = { ...facts, second: `0x${(BigInt(facts.words) + 4n).toString(16)}` };
  if (Number(facts.waitv_errors) > 0) console.log("this kernel has no futex_waitv (5.16)");
  else {
    const row = lockOf(locks, second, "second");
    assert.deepEqual([row.waits, row.woken, row.at_once], [10, 10, 1]);
    asMeasured(row, Number(facts.waitv_ns));
    assert.equal(lockOf(waiters, second, "second").operation, "futex_waitv");
  }
  // What waits on at the end.
  const stuck = lockOf(locks, facts, "stuck");
  assert.deepEqual([stuck.waits, stuck.still, stuck.holder, stuck.p50], [0, 1, tid, null]);
  assert.ok(Number(stuck.delay) > 0 && Number(stuck.delay) < quality.duration_ns);
  // Where in the code, by tables: libc has no frame pointers.
  const functions = (cell: unknown): string[] => (cell as { readonly function: string }[]).map((f) => f.function);
  const waited = functions(lockOf(stacks, facts, "mutex").stack);
  assert.ok(waited.includes("worker") && waited.some((f) => /pthread_mutex_lock/.test(f)), waited.join(";"));
  const woke = wakers.find((w) => w.address === BigInt(facts.mutex) && w.tid === tid)!;
  assert.ok(functions(woke.stack).includes("main"), functions(woke.stack).join(";"));
  assert.deepEqual(["sem", "timed", "late"].map((name) => lockOf(locks, facts, name).kind), Array(3).fill("semaphore"));
  assert.deepEqual(new Set(words.map((w) => w.kind)), new Set(["condition"]));
  // Locks that somebody holds stand before those that may be waits for work.
  const held = locks.map((l) => l.holder !== null);
  assert.deepEqual(held, held.toSorted((a, b) => Number(b) - Number(a)));
});

Deno.test("calls by address and operation are those that bpftrace counts at the same time", async () => {
  if (why) return skip(why);
  await using load = await startFutexProgram(program!);
  using measurement = startFutexContention({ host, pid: load.pid });
  const result = await bpftraceRun(
    `tracepoint:syscalls:sys_enter_futex /pid == ${load.pid}/ { @calls[args->uaddr, args->op & 0x7f] = count(); }
     tracepoint:syscalls:sys_exit_futex /pid == ${load.pid}/ { @rets[args->ret < 0 ? -args->ret : 0] = count(); }`,
    { work: async () => void await load.go() },
  );
  measurement.stop();
  if (!result) return skip("no bpftrace");
  const { tables: { locks, waiters, wakers } } = await measurement.read();
  const theirs = new Map(
    Array.from(
      result.stdout.matchAll(/^@calls\[(\w+), (\d+)\]: (\d+)$/gm),
      ([, address, op, n]) => [`${BigInt(address)} ${OPS[Number(op)] ?? op}`, Number(n)] as const,
    ),
  );
  const ours = new Map<string, number>();
  const add = (row: Row, calls: number): void => {
    const key = `${row.address} ${row.operation}`;
    if (row.operation !== "futex_waitv") ours.set(key, (ours.get(key) ?? 0) + calls);
  };
  for (const w of waiters) add(w, Number(w.waits) + Number(w.missed) + Number(w.still));
  for (const w of wakers) add(w, Number(w.calls));
  assert.deepEqual(new Map([...ours].sort()), new Map([...theirs].sort()));
  const timeouts = /^@rets\[110\]: (\d+)$/m.exec(result.stdout);
  assert.equal(sum(locks, "timeouts"), Number(timeouts?.[1]));
});

const OPS: Readonly<Record<number, string>> = {
  0: "wait",
  1: "wake",
  6: "lock_pi",
  7: "unlock_pi",
  9: "wait_bitset",
};

Deno.test("there are as many calls as strace -c -f counts of the same run", async () => {
  if (why) return skip(why);
  const file = `${folder}/strace.out`;
  let load: Awaited<ReturnType<typeof startFutexProgram>>;
  try {
    load = await startFutexProgram(program!, ["strace", "-c", "-f", "-e", "trace=futex,futex_waitv", "-o", file]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("no strace");
    throw error;
  }
  let calls = 0;
  {
    await using running = load;
    const pid = host.pids().find((p) => host.processStat(p)?.ppid === running.pid)!;
    using measurement = startFutexContention({ host, pid: 0 });
    const { child } = await running.go();
    measurement.stop();
    const { tables: { waiters, wakers } } = await measurement.read();
    const mine = (row: Row): boolean => row.pid === pid || row.pid === child;
    // strace counts what has ended.
    for (const w of waiters.filter(mine)) calls += Number(w.waits) + Number(w.missed);
    calls += sum(wakers.filter(mine), "calls");
  }
  const text = await Deno.readTextFile(file);
  const counted = [...text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +futex(?:_waitv)?$/gm)];
  const theirs = counted.reduce((n, [, c]) => n + Number(c), 0);
  // strace goes on to the program's end, which makes a call or two.
  assert.ok(calls <= theirs && calls >= theirs - 2, `${calls}\n${text}`);
});

Deno.test("two processes that share memory have one lock at two addresses", async () => {
  if (why) return skip(why);
  await using load = await startFutexProgram(program!);
  using measurement = startFutexContention({ host, pid: 0 });
  const facts = await load.go();
  measurement.stop();
  const { tables: { locks, wakers } } = await measurement.read();
  const [row, ...others] = locks.filter((l) => String(l.place).startsWith("/memfd:lock") && Number(l.waits) > 0);
  assert.deepEqual(others, []);
  assert.deepEqual([row.processes, row.pid, row.address, row.shared, row.threads], [2, null, null, true, 1]);
  assert.ok(Number(row.waits) > 0 && Number(row.waits) <= facts.rounds);
  assert.ok(Number(row.delay) <= Number(facts.shared_ns));
  assert.equal(row.woken, row.waits);
  assert.equal(sum(wakers.filter((w) => w.address === BigInt(facts.shared)), "woken"), row.waits);
});

Deno.test("waits that had begun before are there, go on after a signal, and know who has the lock", async () => {
  if (why) return skip(why);
  await using load = await startFutexProgram(program!);
  const facts = await load.go();
  const { pid } = load;
  // A thread may sleep on its way there, too. What stands in the call when it goes on is restart_syscall.
  const isThere = (tid: number): boolean =>
    /^(futex|restart_syscall)$/.test(host.threadCall(pid, tid)?.name ?? "") && host.threadState(pid, tid) === "S";
  const sleeps = (): boolean => host.threads(pid).filter(isThere).length === 2;
  await until(sleeps);
  using measurement = startFutexContention({ host, pid });
  kill(pid, SIGSTOP);
  await until(() => host.threads(pid).every((tid) => host.threadState(pid, tid) === "T"));
  kill(pid, SIGCONT);
  await until(sleeps);
  measurement.stop();
  const { tables: { locks, waiters }, quality } = await measurement.read();
  const stuck = lockOf(locks, facts, "stuck");
  assert.deepEqual([stuck.still, stuck.interrupted, stuck.holder, stuck.kind], [1, 1, facts.tid, "mutex"]);
  // One with a timeout is gone on with by another system call, restart_syscall.
  const late = lockOf(locks, facts, "late");
  assert.deepEqual([late.still, late.interrupted, late.timeouts], [1, 1, 0]);
  for (const row of [stuck, late]) {
    // How much of it they were stopped is the scheduler's.
    assert.ok(Number(row.delay) > 0 && Number(row.delay) <= quality.duration_ns * 1.01);
  }
  assert.equal(waiters.length, 2);
});

/** Waits with a timeout until a signal comes whose handler ends that, and sleeps then. */
const GIVES_UP = `
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
static sem_t sem;
static void nothing(int signal) {}
int main(void) {
  struct sigaction action = { .sa_handler = nothing };
  struct timespec t, long_ = { 1000, 0 };
  sem_init(&sem, 0, 0);
  sigaction(SIGUSR1, &action, 0);
  printf("%p\\n", (void *)&sem);
  fflush(stdout);
  getchar();
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_sec += 1000;
  sem_timedwait(&sem, &t);
  nanosleep(&long_, 0);
}`;

Deno.test("a wait that a handler ended does not go on when the sleep behind it does", async () => {
  if (why) return skip(why);
  const path = `${folder}/gives_up`;
  await compileC(GIVES_UP, path, ["-pthread", "-D_GNU_SOURCE", "-include", "signal.h"]);
  const child = new Deno.Command(path, { stdin: "piped", stdout: "piped" }).spawn();
  const { pid } = child;
  try {
    const reader = child.stdout.getReader();
    const address = BigInt(new TextDecoder().decode((await reader.read()).value).trim());
    await reader.cancel();
    using measurement = startFutexContention({ host, pid });
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    const isIn = (call: RegExp): boolean => call.test(host.threadCall(pid, pid)?.name ?? "");
    await until(() => isIn(/^futex$/));
    kill(pid, SIGUSR1);
    await until(() => isIn(/nanosleep$/));
    kill(pid, SIGSTOP);
    await until(() => host.threadState(pid, pid) === "T");
    kill(pid, SIGCONT);
    await until(() => isIn(/^restart_syscall$/));
    measurement.stop();
    const { tables: { locks } } = await measurement.read();
    const row = locks.find((l) => l.address === address)!;
    assert.deepEqual([row.waits, row.interrupted, row.still], [1, 1, 0]);
    await writer.close();
  } finally {
    kill(pid, SIGKILL);
    await child.status;
  }
});

Deno.test("more locks than there is room for are counted as lost", async () => {
  if (why) return skip(why);
  await using load = await startFutexProgram(program!);
  using small = startFutexContention({ host, pid: load.pid, maxEntries: 2 });
  await load.go();
  small.stop();
  const { quality: { lost_by } } = await small.read();
  assert.ok(lost_by.map_full > 0 && lost_by.locks_full > 0, JSON.stringify(lost_by));
});

Deno.test("a start and an end leave no descriptor behind", () => {
  if (why) return skip(why);
  const descriptors = (): number => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  startFutexContention({ host, pid: 0 })[Symbol.dispose]();
  const before = descriptors();
  startFutexContention({ host, pid: 0 })[Symbol.dispose]();
  assert.equal(descriptors(), before);
});

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
