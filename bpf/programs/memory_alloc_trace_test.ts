import assert from "node:assert/strict";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { compileC } from "../../tests/compile_c.ts";
import { functionsOf } from "../../tests/functions_of.ts";
import { LEAKING_PROGRAM } from "../../tests/leaking_program.ts";
import { skip } from "../../tests/skip.ts";
import { startedProgram } from "../../tests/started_program.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { startMemoryAllocTrace } from "./memory_alloc_trace.ts";

const host = openHost();

/** Allocations of a function: of all stacks that it is on. */
interface Of {
  allocated: number;
  allocated_bytes: number;
  blocks: number;
  bytes: number;
}

function byFunction({ tables }: Analysis, name: string): Of {
  const of: Of = { allocated: 0, allocated_bytes: 0, blocks: 0, bytes: 0 };
  for (const row of tables.allocations) {
    if (row.kind !== "user" || !functionsOf(row.stack).includes(name)) continue;
    for (const key of Object.keys(of) as (keyof Of)[]) of[key] += Number(row[key]);
  }
  return of;
}

/** Runs the program that leaks in the window; null where it cannot be compiled. */
async function leaks(options: { variant?: string; maxEntries?: number }): Promise<
  { readonly analysis: Analysis; readonly said: readonly string[][] } | null
> {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(LEAKING_PROGRAM, `${dir}/leaks`, ["-O2", "-fomit-frame-pointer", "-pthread"])) return null;
    await using program = startedProgram(`${dir}/leaks`, []);
    await program.heard(/^ready.*$/m);
    using running = startMemoryAllocTrace({ host, pid: program.pid, ...options });
    await program.say("go\n");
    const said = (await program.heard(/^end .*$/m)).trim().split("\n").map((line) => line.split(" "));
    running.drain!();
    running.stop();
    return { analysis: await running.read(), said: said.filter(([name]) => name !== "end") };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const variant of ["multi", "single"]) {
  Deno.test(`memory_alloc_trace: what functions without frame pointers allocate and leave is what they say, to the byte (${variant})`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    let ran;
    try {
      ran = await leaks({ variant });
    } catch (error) {
      // Before 6.10 there is no `multi`.
      if (variant === "multi" && /refuses|no variant/.test((error as Error).message)) {
        return skip((error as Error).message);
      }
      throw error;
    }
    if (!ran) return skip("gcc is not installed");
    const { analysis, said } = ran;
    assert.ok(said.length >= 10);
    for (const [name, ...numbers] of said) {
      const { allocated, allocated_bytes, blocks, bytes } = byFunction(analysis, name);
      assert.deepEqual([allocated, allocated_bytes, blocks, bytes], numbers.map(Number), name);
    }
    const { quality } = analysis;
    // An interrupt may take pages while the program of pages runs: not of the blocks, which were counted above.
    const { recursion: _, ...lost } = quality.lost_by;
    assert.deepEqual(lost, {});
    assert.match(quality.notes.join(), /\b1 allocations failed/);
    assert.ok(quality.unmatched.ends >= 10, "ten blocks were there before the window");
    for (const row of analysis.tables.allocations.filter((r) => r.kind === "user")) {
      assert.equal(Number(row.allocated_bytes) - Number(row.freed_bytes), row.bytes, "held is what is not freed");
      assert.equal(Number(row.allocated) - Number(row.freed), row.blocks);
      const stack = row.stack as { function: string }[];
      assert.match(stack[0].function, /^_start|clone/, "unwound to its root");
      const age = row.oldest as number | null;
      assert.ok(age === null ? row.blocks === 0 : age > 0 && age <= quality.duration_ns);
    }
  });
}

Deno.test("memory_alloc_trace: what finds no room is counted", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const ran = await leaks({ maxEntries: 64 });
  if (!ran) return skip("gcc is not installed");
  const { map_full, sums_full } = ran.analysis.quality.lost_by;
  assert.ok(map_full > 0 && sums_full > 100, JSON.stringify(ran.analysis.quality.lost_by));
});

Deno.test("memory_alloc_trace: pages of the machine are those that /proc/vmstat counts", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using running = startMemoryAllocTrace({ host, pid: 0 });
  const inner = vmstat();
  await new Deno.Command("find", { args: ["/usr/bin", "-newer", "/"], stdout: "null" }).output();
  // Memory that is surely taken: 64 MiB, touched.
  await new Deno.Command("dd", { args: ["if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"], stderr: "null" })
    .output();
  const innerEnd = vmstat();
  running.stop();
  const { tables, quality } = await running.read();
  const pages = (key: string): number => tables.orders.reduce((n, o) => n + Number(o[key]) * 2 ** Number(o.order), 0);
  const [allocated, freed] = [innerEnd.allocated - inner.allocated, innerEnd.freed - inner.freed];
  assert.ok(allocated > 10_000);
  // The kernel's own counters were read inside of the window; what it takes in bulk it does not tell tracepoints.
  assert.ok(pages("allocated") > 0.98 * allocated, `${pages("allocated")} pages given out, vmstat says ${allocated}`);
  assert.ok(pages("freed") > 0.98 * freed, `${pages("freed")} pages returned, vmstat says ${freed}`);
  const dd = tables.allocations.filter((r) => r.comm === "dd" && r.kind === "kernel");
  const bytes = dd.reduce((n, r) => n + Number(r.allocated_bytes), 0);
  assert.ok(bytes >= 64 << 20 && bytes < 80 << 20, `dd took ${bytes} bytes`);
  assert.ok(dd.some((r) => functionsOf(r.stack).some((f) => /fault/.test(f))));
  const held = dd.reduce((n, r) => n + Number(r.bytes), 0);
  assert.ok(held < 1 << 20, `dd has ended, and holds ${held} bytes`);
  assert.equal(quality.lost_by.map_full ?? 0, 0);
});

/** Touches a huge page, has it split by freeing a part of it lazily, and becomes `sleep`, which gives all back by the page. */
const SPLITTING_PROGRAM = `
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define HUGE (2UL << 20)
int main(void) {
  char *all = mmap(0, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *page = (char *)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
  if (all == MAP_FAILED || madvise(page, HUGE, MADV_HUGEPAGE)) return 1;
  memset(page, 1, HUGE);
  if (madvise(page, 16384, MADV_FREE)) return 1;
  return execlp("sleep", "sleep", "0", (char *)0);
}
`;

Deno.test("memory_alloc_trace: a process has its last name; a large piece that is given back by the page is not held", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(SPLITTING_PROGRAM, `${dir}/splits`, [])) return skip("gcc is not installed");
    using running = startMemoryAllocTrace({ host, pid: 0 });
    const child = new Deno.Command(`${dir}/splits`, { stdin: "null" }).spawn();
    const { success } = await child.status;
    running.stop();
    if (!success) return skip("this kernel has no huge pages");
    const { tables: { allocations } } = await running.read();
    const rows = allocations.filter((r) => r.pid === child.pid);
    assert.deepEqual([...new Set(rows.map((r) => r.comm))], ["sleep"]);
    const huge = rows.filter((r) => Number(r.allocated_bytes) === 2 << 20 && r.allocated === 1);
    if (huge.length === 0) return skip("the kernel gave out no huge page");
    // Of those that were freed lazily the kernel keeps some for a while.
    const [{ bytes, freed_bytes }] = huge;
    assert.ok(Number(bytes) <= 16384, `${bytes} bytes are held by a process that has ended`);
    assert.equal(Number(bytes) + Number(freed_bytes), 2 << 20);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

function vmstat(): { allocated: number; freed: number } {
  let allocated = 0;
  for (const [name, n] of host.vmstat()) if (/^pgalloc_/.test(name)) allocated += n;
  return { allocated, freed: host.vmstat().get("pgfree") ?? 0 };
}

Deno.test("memory_alloc_trace: descriptors and memory are given back", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const open = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const once = async (): Promise<void> => {
    using running = startMemoryAllocTrace({ host, pid: Deno.pid, maxEntries: 1024 });
    running.drain!();
    running.stop();
    await running.read();
  };
  await once();
  const before = open();
  await once();
  assert.equal(open(), before);
});
