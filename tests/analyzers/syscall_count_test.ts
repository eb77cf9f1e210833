import assert from "node:assert/strict";
import { startSyscallCount } from "../../bpf/programs/syscall_count.ts";
import { LibbpfError } from "../../bpf/libbpf_error.ts";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { output } from "../../bpf/testing/run.ts";
import { countCallsByBpf } from "../../cli/count_calls_by_bpf.ts";
import type { Results } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { analyzeProgram, holdProgram, rowsOf } from "./analyze_program.ts";

const host = openHost();
const folder = await Deno.makeTempDir({ prefix: "sonde_syscalls_" });
const program = `${folder}/calls`;
const source = await Deno.readTextFile(new URL("syscalls.c", import.meta.url));
const built = await compileC(source, program, ["-pthread"]);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Why the tests here cannot run; empty when they can. */
const obstacle = (): string => built ? libbpfObstacle() : "gcc is not installed";

/**
 * Calls whose number depends on who comes first; and `pause`, which an exec by another thread ends: a tracer does not see
 * that.
 */
const RACY = new Set([
  "futex",
  "restart_syscall",
  "madvise",
  "munmap",
  "mprotect",
  "mmap",
  "rt_sigprocmask",
  "rt_sigreturn",
  "wait4",
  "pause",
]);

/** Whether the kernel takes a variant. */
function loads(variant: string): boolean {
  try {
    startSyscallCount({ host, pid: 0, variant })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof LibbpfError) return false;
    throw error;
  }
}

/** Counts and errors by call. */
type Counts = Record<string, readonly [calls: number, errors: number]>;

/** `strace -c -f` of a command. */
async function straceCounts(words: readonly string[]): Promise<Counts | null> {
  const file = `${folder}/strace`;
  const run = await output("strace", ["-c", "-f", "-o", file, ...words]);
  if (run === null) return null;
  const counts: Counts = {};
  for (const line of (await Deno.readTextFile(file)).split("\n")) {
    const found = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(\d+)?\s*([a-z]\w*)$/.exec(line);
    if (found && found[3] !== "total") counts[found[3]] = [Number(found[1]), Number(found[2] ?? 0)];
  }
  return counts;
}

/** The same by BPF, of a command with all that it starts. */
async function bpfCounts(words: readonly string[]): Promise<{ readonly counts: Counts; readonly code: number }> {
  const { counts, code, quality } = await countCallsByBpf(host, {
    words,
    pids: [],
    signal: new AbortController().signal,
  });
  assert.equal(quality.lost, 0, JSON.stringify(quality));
  return { counts: Object.fromEntries(counts.map((c) => [c.name, [c.calls, c.errors] as const])), code };
}

function steady(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => !RACY.has(name)).sort());
}

for (
  const [what, words] of [
    ["threads, fork and vfork", [program, "known"]],
    ["an exec by a thread that is not the first", [program, "exec_in_thread"]],
    ["a seccomp filter that answers calls", [program, "denied"]],
    ["a shell with pipes and subshells", ["sh", "-c", "ls / | cat > /dev/null; (exit 3); test -e /nowhere; exit 7"]],
  ] as const
) {
  Deno.test(`calls and errors are those of strace -c -f: ${what}`, async () => {
    const why = obstacle();
    if (why) return skip(why);
    const expected = await straceCounts(words);
    if (expected === null) return skip("strace is not installed");
    const { counts, code } = await bpfCounts(words);
    assert.equal(code, words[0] === "sh" ? 7 : 0);
    assert.deepEqual(steady(counts), steady(expected));
  });
}

Deno.test("calls of known number, by either variant and by perf stat", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { counts } = await bpfCounts([program, "known"]);
  assert.deepEqual(counts.getppid, [1000, 0]);
  assert.deepEqual(counts.getuid, [200, 0]);
  assert.deepEqual(counts.getgid, [70, 0]);
  assert.equal(counts.openat[1], 50);
  assert.equal(counts.close[1], 30);
  assert.equal(counts.read[1], 20);
  const perf = await output("perf", ["stat", "-x,", "-e", "raw_syscalls:sys_enter", "--", program, "known"]);
  if (perf === null || perf.code !== 0) return skip("perf cannot count system calls here");
  const entered = Number(/^(\d+),/m.exec(perf.err)?.[1]);
  const returned = Object.values(counts).reduce((n, [calls]) => n + calls, 0);
  // perf begins behind the entry of execve; exit by a thread and exit_group by three processes do not return.
  const racy = Math.abs(entered - 4 - (returned - 1));
  assert.ok(racy <= 4, `perf stat saw ${entered} entries, ${returned} calls returned`);
});

Deno.test("each variant sees the same, with names of processes before and after exec", async () => {
  const why = obstacle();
  if (why) return skip(why);
  for (const variant of ["typed", "raw"]) {
    // Before Linux 5.11 a program is not given its task with a type.
    if (!loads(variant)) {
      skip(`this kernel does not take the variant ${variant}`);
      continue;
    }
    const held = await holdProgram([program, "known"]);
    using counting = startSyscallCount({ host, pid: held.pid, variant });
    assert.equal(counting.variant, variant);
    held.go();
    assert.equal(await held.end(), 0);
    counting.stop();
    const { tables, quality } = counting.read() as Analysis;
    const calls = (comm: string, call: string): unknown =>
      tables.calls.find((r) => r.pid === held.pid && r.comm === comm && r.call === call)?.calls;
    assert.equal(calls("calls", "getppid"), 1000);
    assert.equal(calls("calls", "getuid"), 200, "by its thread");
    assert.equal(calls("calls", "getgid"), undefined, "by its child, which is another process");
    assert.equal(calls("calls", "execve"), 1);
    assert.equal(calls("sh", "kill") ?? 0, 0, "it began before the window");
    assert.deepEqual(
      tables.errors.filter((r) => r.comm === "calls" && Number(r.count) >= 20).map((r) => [r.call, r.error, r.count]),
      [["openat", "ENOENT", 50], ["close", "EBADF", 30], ["read", "EBADF", 20]],
    );
    assert.deepEqual(quality.lost_by, {});
    assert.ok(quality.cost.probe_ns > 0);
    // What was stopped stays as it was.
    assert.deepEqual((counting.read() as Analysis).tables.calls, tables.calls);
  }
});

Deno.test("the recipe counts the same calls and errors over the same program in the same time", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { pid, by } = await analyzeProgram("syscall_count", [program, "known"], ["libbpf", "recipe"]);
  const countsOf = (results: Results): Counts => {
    const sums: Record<string, [number, number]> = {};
    for (const { pid: of, call, calls, errors } of rowsOf(results, "calls")) {
      if (of !== pid) continue;
      const sum = sums[String(call)] ??= [0, 0];
      sum[0] += Number(calls);
      sum[1] += Number(errors);
    }
    return sums;
  };
  const [ours, recipe] = [countsOf(by.libbpf), countsOf(by.recipe)];
  assert.deepEqual(Object.entries(ours).sort(), Object.entries(recipe).sort());
  assert.deepEqual(ours.getppid, [1000, 0]);
  assert.match(by.recipe.calls.quality.notes[0], /^Measured by its recipe/);
});

Deno.test("times are those of the program's own clock: sleeps, polls, reads of a pipe", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { pid, text, by } = await analyzeProgram(
    "syscall_count",
    [program, "waits"],
    ["libbpf"],
    (t) => t.includes("\n"),
  );
  const [slept, polled, read] = text.trim().split(" ").map(Number);
  const row = (call: string): Readonly<Record<string, unknown>> =>
    rowsOf(by.libbpf, "calls").find((r) => r.pid === pid && r.call === call && r.comm === "calls")!;
  for (const [call, times, expected] of [["nanosleep", 20, slept], ["poll", 10, polled], ["read", 11, read]] as const) {
    const { calls, total, mean, p50, p99, max } = row(call);
    assert.ok(Number(calls) >= times, `${call}: ${calls}`);
    // Between the looks at the clock lies the loop as well, during which others may have the CPU.
    const off = (expected - Number(total)) / expected;
    assert.ok(off > -0.02 && off < 0.2, `${call}: ${total} of ${expected} ns`);
    assert.equal(mean, Math.round(Number(total) / Number(calls)));
    assert.ok(Number(p50) <= Number(p99) && Number(p99) <= Number(max));
  }
  assert.ok(Number(row("nanosleep").p50) >= 5e6 * 0.99);
  assert.ok(Number(row("poll").p50) >= 20e6 * 0.99);
});

Deno.test("calls that a seccomp filter answers are counted as denied, without a time", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { pid, by } = await analyzeProgram("syscall_count", [program, "denied"], ["libbpf"]);
  const row = rowsOf(by.libbpf, "calls").find((r) => r.pid === pid && r.call === "getpgrp")!;
  assert.deepEqual(
    [row.calls, row.errors, row.denied, row.total, row.mean, row.p50, row.max],
    [40, 40, 40, 0, null, null, null],
  );
  assert.equal(rowsOf(by.libbpf, "errors").find((r) => r.call === "getpgrp")?.error, "EPERM");
});

Deno.test("calls of the 32-bit table have a name of their own", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const tried = await output(program, ["other_table"]);
  if (tried?.code !== 0) return skip("this kernel runs no 32-bit system calls");
  const { counts } = await bpfCounts([program, "other_table"]);
  assert.deepEqual(counts["i386:20"], [25, 0]);
  assert.equal(counts.writev, undefined);
});

Deno.test("a thread that is in a call when the window ends is told; /proc tells reads, writes and that call", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const done = (text: string): boolean => text.includes("done");
  const { pid, by } = await analyzeProgram("syscall_count", [program, "reads"], ["libbpf", "proc"], done);
  const calls = (results: Results, call: string): number =>
    rowsOf(results, "calls").filter((r) => r.pid === pid && r.call === call).reduce((n, r) => n + Number(r.calls), 0);
  // 300, and what it prints. The loader reads, too.
  assert.equal(calls(by.libbpf, "write"), 301);
  assert.equal(calls(by.proc, "write …"), 301);
  // The kernel counts there what it reads of the program itself, too.
  const own = calls(by.proc, "read …") - calls(by.libbpf, "read") - calls(by.libbpf, "pread64");
  assert.ok(own >= 0 && own <= 20, `${own} reads more in /proc`);
  const waiting = (results: Results): unknown[] =>
    rowsOf(results, "waiting").filter((r) => r.pid === pid).map(({ tid, comm, call }) => [tid, comm, call]);
  assert.deepEqual(waiting(by.libbpf), [[pid, "calls", "read"]]);
  assert.deepEqual(waiting(by.proc), [[pid, "calls", "read"]]);
  assert.match(by.proc.calls.quality.notes[0], /^Measured by files of \/proc/);
});

Deno.test("more than there is room for is counted as lost", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const held = await holdProgram([program, "known"]);
  using small = startSyscallCount({ host, pid: held.pid, maxEntries: 1 });
  held.go();
  await held.end();
  small.stop();
  const { quality } = small.read() as Analysis;
  assert.ok(quality.lost_by.map_full > 1000, JSON.stringify(quality.lost_by));
});

Deno.test("a start and an end leave no descriptor behind", () => {
  const why = obstacle();
  if (why) return skip(why);
  const descriptors = (): number => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  startSyscallCount({ host, pid: 0 })[Symbol.dispose]();
  const before = descriptors();
  for (const variant of ["typed", "raw"]) loads(variant);
  assert.equal(descriptors(), before);
});
