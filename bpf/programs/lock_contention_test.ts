import assert from "node:assert/strict";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { compileC } from "../../tests/compile_c.ts";
import { CONTENDING_PROGRAM } from "../../tests/contending_program.ts";
import { functionsOf } from "../../tests/functions_of.ts";
import { skip } from "../../tests/skip.ts";
import { type StartedProgram, startedProgram } from "../../tests/started_program.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { startLockContention } from "./lock_contention.ts";

const host = openHost();
type Row = Analysis["tables"][string][number];

/** The program, compiled; null without a compiler. */
async function contending(): Promise<{ readonly path: string } & AsyncDisposable | null> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/contends`;
  const remove = { path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
  return await compileC(CONTENDING_PROGRAM, path, ["-pthread"]) ? remove : null;
}

function sum(rows: readonly Row[], key: string): number {
  return rows.reduce((n, r) => n + Number(r[key]), 0);
}

/** Measures while the program works; it has said when what was measured is told. */
async function measured(
  program: StartedProgram,
  options: { variant?: string; maxEntries?: number } = {},
): Promise<{ readonly analysis: Analysis; readonly said: string }> {
  using running = startLockContention({ host, pid: program.pid, ...options });
  await program.say("go\n");
  const said = await program.heard(/^done$/m);
  running.stop();
  return { analysis: await running.read(), said };
}

for (const variant of ["slab", "raw"]) {
  Deno.test(`lock_contention: waits for a mutex last as long as the thread's own clock says (${variant})`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    if (variant === "slab" && !kernelAtLeast(6, 13)) return skip("the kernel does not tell slabs before 6.13");
    await using binary = await contending();
    if (!binary) return skip("gcc is not installed");
    await using program = startedProgram(binary.path, ["file"]);
    await program.heard(/^ready$/m);
    const { analysis: { tables, quality }, said } = await measured(program, { variant });
    const [all, long, delayed] = said.trim().split(/\s+/).slice(1).map(Number);
    const waiter = (r: Row): boolean => functionsOf(r.stack).some((f) => /lseek/.test(f));
    const mutexes = tables.sites.filter((r) => r.kind === "mutex" && waiter(r));
    const [waits, total] = [sum(mutexes, "waits"), sum(mutexes, "total")];
    const figures =
      `${total} ns in ${waits} waits; the thread says ${all}, ${long} of them in long calls, ${delayed} for a CPU`;
    assert.ok(waits > 0, JSON.stringify(tables.sites.map((r) => [r.kind, r.caller, r.waits])));
    assert.ok(total <= all, figures);
    // A call is more than its wait: into the kernel and out, and our program at the beginning.
    assert.ok(total >= 0.9 * long - waits * 30e3 - delayed, figures);
    for (const r of mutexes) {
      assert.ok(Number(r.p50) <= Number(r.p99) && Number(r.p99) <= Number(r.max));
      assert.equal(r.pid, program.pid);
    }
    const [lock] = tables.locks;
    assert.equal(lock.kind, "mutex");
    if (variant === "slab") assert.match(String(lock.name), /^in slab filp/);
    assert.equal(sum(tables.locks, "waits"), sum(tables.sites, "waits"));
    assert.equal(sum(tables.locks, "total"), sum(tables.sites, "total"));
    assert.equal(sum(tables.processes, "total"), sum(tables.sites, "total"));
    assert.equal(quality.events, sum(tables.sites, "waits"));
    assert.deepEqual(quality.lost_by, {});
  });
}

Deno.test("lock_contention: waits are those of bpftrace, and mmap_lock has its name", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  await using binary = await contending();
  if (!binary) return skip("gcc is not installed");
  await using program = startedProgram(binary.path, ["maps"]);
  await program.heard(/^ready$/m);
  await using theirs = bpftrace(program.pid);
  if (!theirs || !await theirs.ready()) return skip("bpftrace is not installed, or does not run here");
  const { analysis: { tables, quality } } = await measured(program);
  const found = await theirs.counts();
  const waits = sum(tables.sites, "waits");
  assert.ok(waits > 0);
  const again = Number(/(\d+) of them again/.exec(quality.notes.join())?.[1] ?? 0);
  assert.equal(waits + again + quality.unmatched.starts, found.begins, "begun");
  assert.equal(waits, found.ends, "ended");
  // Both are called at each event, one after the other.
  const total = sum(tables.sites, "total");
  assert.ok(Math.abs(total - found.ns) < 0.01 * found.ns + waits * 5e3, `${total} ns, bpftrace says ${found.ns}`);
  const named = tables.locks.filter((l) => l.name === "mmap_lock");
  assert.ok(sum(named, "waits") > 0, JSON.stringify(tables.locks.map((l) => [l.name, l.kind])));
  assert.ok(
    tables.sites.some((r) => /mmap|munmap|fault/.test(functionsOf(r.stack).join())),
  );
});

/** The same by bpftrace: of a wait that begins again the first beginning counts. */
function bpftrace(pid: number):
  | ({
    ready(): Promise<boolean>;
    counts(): Promise<{ readonly begins: number; readonly ends: number; readonly ns: number }>;
  } & AsyncDisposable)
  | null {
  const script = `tracepoint:lock:contention_begin /pid == ${pid}/ {
    @begins = count(); if (!@since[tid, args->lock_addr]) { @since[tid, args->lock_addr] = nsecs } }
  tracepoint:lock:contention_end /@since[tid, args->lock_addr]/ {
    @ends = count(); @ns = sum(nsecs - @since[tid, args->lock_addr]); delete(@since[tid, args->lock_addr]) }
  interval:ms:50 { printf("ready\\n"); } END { clear(@since); }`;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("bpftrace", { args: ["-e", script], stdout: "piped", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (pattern: RegExp): Promise<boolean> => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read();
      if (done) return false;
      text += value;
    }
    return true;
  };
  return {
    ready: () => until(/ready/),
    async counts() {
      child.kill("SIGINT");
      await until(/$never/);
      const of = (name: string): number => Number(new RegExp(`@${name}: (\\d+)`).exec(text)?.[1] ?? 0);
      return { begins: of("begins"), ends: of("ends"), ns: of("ns") };
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      try {
        child.kill("SIGINT");
      } catch {
        // It has ended.
      }
      await child.status;
    },
  };
}

Deno.test("lock_contention: what finds no room is counted; descriptors are given back", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  await using binary = await contending();
  if (!binary) return skip("gcc is not installed");
  const open = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const once = async (): Promise<Analysis> => {
    await using program = startedProgram(binary.path, ["maps"]);
    await program.heard(/^ready$/m);
    return (await measured(program, { maxEntries: 1 })).analysis;
  };
  await once();
  const before = open();
  const { quality: { lost_by } } = await once();
  assert.ok(
    (lost_by.map_full ?? 0) + (lost_by.locks_full ?? 0) + (lost_by.buckets_full ?? 0) > 0,
    JSON.stringify(lost_by),
  );
  assert.equal(open(), before);
});

function kernelAtLeast(major: number, minor: number): boolean {
  const [a, b] = host.features().release.split(".").map((n) => parseInt(n));
  return a > major || a === major && b >= minor;
}
