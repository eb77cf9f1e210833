import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import { compileC } from "../../tests/compile_c.ts";
import { OFF_CPU_PROGRAM } from "../../tests/off_cpu_program.ts";
import { skip } from "../../tests/skip.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { output } from "../testing/run.ts";
import { type RawOffCpu, startOffCpu } from "./off_cpu.ts";

const host = openHost();

/** The program that waits, compiled; removed at the end of the block. */
async function program(): Promise<{ readonly path: string; [Symbol.dispose](): void } | null> {
  const dir = await Deno.makeTempDir();
  const done = await compileC(OFF_CPU_PROGRAM, `${dir}/waits`, ["-pthread"]);
  return done ? { path: `${dir}/waits`, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) } : null;
}

/** Switches that the kernel did not tell of; there must be no other loss. */
function missed({ lostBy }: RawOffCpu): number {
  const { missed_switch = 0, ...others } = lostBy;
  assert.deepEqual(others, {});
  return missed_switch;
}

/**
 * Measures again while the kernel keeps switches from all programs, as it does for a moment when other tracers attach on
 * this machine.
 *
 * @param window one measurement with its checks; false when switches were missed
 */
async function inQuietWindow(window: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) if (await window()) return;
  skip("other tracers attach on this machine all the time");
}

/** Numbers of the programs on tracepoints in this kernel; none where that cannot be told. */
function tracers(): number[] {
  try {
    const { stdout } = new Deno.Command("bpftool", { args: ["-j", "prog", "show"], stderr: "null" }).outputSync();
    const programs: { id: number; type: string }[] = JSON.parse(new TextDecoder().decode(stdout));
    return programs.filter((p) => /tracepoint|tracing/.test(p.type)).map((p) => p.id);
  } catch {
    return [];
  }
}

function sumOf(raw: RawOffCpu, comm: string, state: number): { ns: number; waits: number } {
  const waits = raw.waits.filter((w) => w.comm === comm && w.state === state);
  return { ns: waits.reduce((n, w) => n + w.totalNs, 0), waits: waits.reduce((n, w) => n + w.count, 0) };
}

for (const variant of ["typed", "raw"] as const) {
  Deno.test(`off_cpu: 100 sleeps of 5 ms, by a child that is followed; its CPU time, its time on the run queue (${variant})`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    using binary = await program();
    if (!binary) return skip("gcc is not installed");
    await inQuietWindow(async () => {
      const others = tracers().length;
      using running = startOffCpu({ host, variant, pids: [Deno.pid], minNs: 1e6, copyBytes: 4096 });
      const known = tracers();
      assert.equal(running.variant, variant);
      const ran = await output(binary.path, ["sleep"]);
      const copies = new Set<number>();
      running.drain((c) => {
        assert.ok(c.registers.length > 0 && c.stack.length <= 4096);
        copies.add(c.tid);
      });
      running.stop();
      const raw = running.read();
      const [, wall, cpu, , runDelay] = ran!.out.split(" ").map(Number);
      const { ns, waits } = sumOf(raw, "sleeper", 1);
      const sleeps = raw.waits.filter((w) => w.comm === "sleeper" && w.state === 1);
      // Wakeups are kept from all programs for a moment, too: the wait has no waker then, nor time on the run queue.
      if (missed(raw) > 0 || sleeps.some((w) => !w.open && w.waker.context === null)) return false;
      assert.equal(waits, 100);
      assert.ok(Math.abs(ns / (wall - cpu) - 1) < 0.05, `${ns} ns, the program says ${wall - cpu}`);
      const thread = raw.threads.find((t) => t.comm === "sleeper")!;
      assert.ok(copies.has(thread.tid), "its stack was copied");
      // What other tracers do in a switch is the thread's time by the kernel's clock, and not by ours.
      if (others > 0 || tracers().some((id) => !known.includes(id))) return false;
      // Its loop is nearly all of its life. The kernel's clock of threads starts and stops elsewhere in a switch.
      assert.ok(Math.abs(thread.onNs - cpu) < 100 * 60e3, `${thread.onNs} ns on a CPU, the program says ${cpu}`);
      assert.ok(
        thread.queuedNs > 0.95 * runDelay - 1e5,
        `${thread.queuedNs} ns for a CPU, the kernel says ${runDelay}`,
      );
      const [sleep] = sleeps.sort((a, b) => b.count - a.count);
      assert.deepEqual([sleep.waker.context, sleep.waker.tid], ["interrupt", 0]);
      assert.equal(sleep.buckets.reduce((a, b) => a + b), sleep.count);
      assert.ok(raw.stacks.get(sleep.kernelStack)!.length > 3);
      assert.ok(raw.cost.probe_ns > 0);
      return true;
    });
  });
}

Deno.test("off_cpu: time on and off the CPU is the whole window of a thread, to the nanosecond", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using running = startOffCpu({ host, pids: [Deno.pid], minNs: 1e6 });
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 3));
  running.stop();
  const raw = running.read();
  const main = raw.threads.find((t) => t.tid === Deno.pid)!;
  assert.equal(main.onNs + main.offNs, raw.durationNs);
  const shown = raw.waits.filter((w) => w.tid === Deno.pid).reduce((n, w) => n + w.totalNs, 0);
  assert.equal(shown + main.shortNs, main.offNs);
  const throughout = raw.waits.filter((w) => w.sinceStart && w.open);
  for (const wait of throughout) assert.equal(wait.totalNs, raw.durationNs);
});

Deno.test("off_cpu: totals are those of bpftrace", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using binary = await program();
  if (!binary) return skip("gcc is not installed");
  await inQuietWindow(() => compareWithBpftrace(binary.path));
});

/** @returns false when switches were missed; true, too, when there is no bpftrace */
async function compareWithBpftrace(path: string): Promise<boolean> {
  const script = "tracepoint:sched:sched_switch { " +
    '@s[args->prev_pid] = nsecs; if (@s[args->next_pid] && args->next_comm == "sleeper") ' +
    '{ @off[args->next_pid] = sum(nsecs - @s[args->next_pid]); } } interval:ms:50 { printf("ready\\n"); } END { clear(@s); }';
  let theirs: Deno.ChildProcess;
  try {
    theirs = new Deno.Command("bpftrace", { args: ["-e", script], stdout: "piped", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      skip("bpftrace is not installed");
      return true;
    }
    throw error;
  }
  const reader = theirs.stdout.getReader();
  let text = "";
  const decoder = new TextDecoder();
  while (!text.includes("ready")) {
    const { value, done } = await reader.read();
    if (done) {
      skip("bpftrace does not run here");
      return true;
    }
    text += decoder.decode(value);
  }
  using running = startOffCpu({ host, pids: [Deno.pid] });
  await output(path, ["sleep"]);
  running.stop();
  theirs.kill("SIGINT");
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += decoder.decode(next.value);
  await theirs.status;
  const raw = running.read();
  if (missed(raw) > 0) return false;
  const thread = raw.threads.find((t) => t.comm === "sleeper")!;
  // Until it first ran it waited for a CPU; the script starts with when it first left one.
  const first = raw.waits.filter((w) => w.tid === thread.tid && w.state === 0 && w.kernelStack === 0n);
  const ours = thread.offNs - first.reduce((n, w) => n + w.totalNs, 0);
  const off = Number(new RegExp(`@off\\[${thread.tid}\\]: (\\d+)`).exec(text)?.[1]);
  assert.ok(Math.abs(ours / off - 1) < 0.02, `${ours} ns, bpftrace says ${off}`);
  return true;
}

Deno.test("off_cpu: what finds no room is counted, and its time", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using binary = await program();
  if (!binary) return skip("gcc is not installed");
  using running = startOffCpu({ host, maxEntries: 2 });
  await output(binary.path, ["lock"]);
  running.stop();
  const { lostBy, waits } = running.read();
  assert.ok(lostBy.map_full > 0 && lostBy.stacks_full > 0, JSON.stringify(lostBy));
  assert.ok(waits.length <= 4);
});

Deno.test("off_cpu: descriptors and memory are given back", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const open = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const once = (): void => {
    using running = startOffCpu({ host, copyBytes: 8192 });
    running.drain(() => {});
    running.stop();
    running.read();
  };
  once();
  const before = open();
  once();
  assert.equal(open(), before);
  await Promise.resolve();
});
