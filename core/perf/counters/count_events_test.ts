import assert from "node:assert/strict";
import { compileC, outputOf } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { GoneError, quality, recordsOf, rowsOf, tableFromRows, UsageError } from "../../data/mod.ts";
import { openHost } from "../../host/mod.ts";
import { counterRatios } from "./counter_ratios.ts";
import type { Counted } from "./counters_table.ts";
import { countEvents, type Counts } from "./count_events.ts";
import { meanCounts } from "./mean_counts.ts";
import { resolveEvents } from "./resolve_events.ts";
import { parseEvents } from "./parse_events.ts";

const host = openHost();
const { signal } = new AbortController();
const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Touches PAGES fresh pages, half of them in a thread and a quarter in a child, and sleeps SLEEPS times. */
const PROGRAM = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void touch(long n) {
  char *p = mmap(0, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(p, n * 4096, MADV_NOHUGEPAGE);
  for (long i = 0; i < n; i++) p[i * 4096] = 1;
}
static void *thread(void *n) { touch((long)n); return 0; }
int main(int argc, char **argv) {
  long pages = atol(argv[1]), sleeps = atol(argv[2]);
  char c;
  if (argc > 3 && read(0, &c, 1) < 0) return 9;
  touch(pages / 4);
  pthread_t t;
  pthread_create(&t, 0, thread, (void *)(pages / 2));
  pthread_join(t, 0);
  if (fork() == 0) { touch(pages / 4); _exit(0); }
  wait(0);
  struct timespec ms = {0, 1000000};
  for (long i = 0; i < sleeps; i++) nanosleep(&ms, 0);
  return 7;
}`;
const program = `${folder}/touch`;
const compiled = await compileC(PROGRAM, program, ["-pthread"]);

const valueOf = (counts: Counts, event: string): number =>
  Number(recordsOf(counts.counters).find((r) => r.event === event)!.value);

/** Counts a process that waits for a byte, from before its work to its end. */
async function countProgram(events: string, pages: number, sleeps: number): Promise<Counts> {
  const process = new Deno.Command(program, {
    args: [String(pages), String(sleeps), "wait"],
    stdin: "piped",
    stdout: "null",
  }).spawn();
  const ended = new AbortController();
  // Only once it waits for the byte is it past its own start.
  while (host.currentSyscall(process.pid) !== "read") await new Promise((resolve) => setTimeout(resolve, 1));
  const counting = countEvents(host, {
    pid: process.pid,
    events,
    durationNs: 60e9,
    signal: ended.signal,
    onReady: () => void process.stdin.close(),
  });
  await process.status;
  ended.abort(new DOMException("ended", "OperationError"));
  return await counting;
}

Deno.test("page faults and switches of a process, its threads and children are counted", async () => {
  if (!compiled) return skip("no gcc here");
  const events = "page-faults,minor-faults,major-faults,context-switches,sched:sched_switch,task-clock";
  const counts = await countProgram(events, 20_000, 200);
  const faults = valueOf(counts, "page-faults");
  // The rest is the start of the thread, the child's copies of shared pages, and the end.
  assert.ok(faults >= 20_000 && faults < 20_400, `${faults} page faults`);
  assert.equal(valueOf(counts, "minor-faults") + valueOf(counts, "major-faults"), faults);
  const switches = valueOf(counts, "context-switches");
  assert.ok(switches >= 200, `${switches} switches`);
  // The event is told before the switch, the counter counts it: the last one of each task that ends may differ.
  assert.ok(Math.abs(valueOf(counts, "sched:sched_switch") - switches) <= 6, `${switches} switches`);
  assert.deepEqual(counts.counters.quality.notes, []);
});

Deno.test("countEvents() agrees with perf stat on the same program", async () => {
  if (!compiled) return skip("no gcc here");
  const file = `${folder}/perf.csv`;
  const ran = await outputOf("perf", [
    ..."stat -x, -e page-faults,context-switches,task-clock -o".split(" "),
    file,
    program,
    "20000",
    "100",
  ]);
  if (ran === null) return skip("no perf here");
  const perf = (event: string): number =>
    Number(Deno.readTextFileSync(file).split("\n").find((l) => l.includes(event))!.split(",")[0]);
  const counts = await countProgram("page-faults,context-switches", 20_000, 100);
  // perf counts from exec on: the dynamic loader's faults too.
  const more = perf("page-faults") - valueOf(counts, "page-faults");
  assert.ok(more >= 0 && more < 400, `perf counts ${more} more page faults`);
  assert.ok(perf("context-switches") >= 100 && valueOf(counts, "context-switches") >= 100);
});

Deno.test("the counts of intervals add up to the whole", async () => {
  if (!compiled) return skip("no gcc here");
  const parts: Counts[] = [];
  const all = await countEvents(host, {
    pid: 0,
    events: "context-switches,page-faults,cpu-clock",
    durationNs: 0.35e9,
    signal,
    every: { intervalNs: 0.1e9, tell: (counts) => parts.push(counts) },
  });
  assert.ok(parts.length >= 3);
  for (const event of ["context-switches", "page-faults", "cpu-clock"]) {
    const sum = parts.reduce((a, part) => a + valueOf(part, event), 0);
    assert.equal(sum, valueOf(all, event), event);
  }
});

Deno.test("an event that the machine lacks takes no other down, and is not called 0", async () => {
  // No processor has this many cache levels: type HW_CACHE, cache 99 is refused everywhere.
  const counts = await countEvents(host, { pid: 0, events: "{cpu-clock,rffffffffffff}", durationNs: 1e7, signal });
  const rows = recordsOf(counts.counters);
  assert.equal(rows[0].state, "counted");
  assert.equal(rows[1].state, "not_supported");
  assert.equal(rows[1].value, null);
  assert.match(counts.counters.quality.notes.join(), /rffffffffffff/);
});

Deno.test("countEvents() refuses unknown events, tracepoints and sources, and processes that are gone", async () => {
  for (const events of ["cycels", "sched:nothing_here", "gpu/busy/"]) {
    await assert.rejects(countEvents(host, { pid: 0, events, durationNs: 1e6, signal }), UsageError, events);
  }
  await assert.rejects(countEvents(host, { pid: 4_194_303, durationNs: 1e6, signal }), GoneError);
});

Deno.test("counters leave no descriptor behind", async () => {
  const open = (): number => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  await countEvents(host, { pid: 0, durationNs: 1e6, signal });
  const before = open();
  for (let i = 0; i < 5; i++) await countEvents(host, { pid: 0, durationNs: 1e6, signal });
  assert.equal(open(), before);
});

Deno.test("on processors with two kinds of cores each hardware event becomes one for each", async () => {
  const root = await Deno.makeTempDir();
  const devices = `${root}/sys/bus/event_source/devices`;
  for (const [name, type] of [["cpu_core", "4"], ["cpu_atom", "10"]]) {
    await Deno.mkdir(`${devices}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${devices}/${name}/type`, type);
  }
  const groups = resolveEvents(parseEvents("{cycles,instructions},page-faults"), openHost(root));
  await Deno.remove(root, { recursive: true });
  assert.deepEqual(groups.map((g) => g.map((e) => e.label)), [
    ["cpu_core/cycles/", "cpu_core/instructions/"],
    ["cpu_atom/cycles/", "cpu_atom/instructions/"],
    ["page-faults"],
  ]);
  assert.equal(groups[1][1].attr.config, (10n << 32n) | 1n);
});

const counted = (text: string, count: bigint | null, group: number, running = 1): Counted => ({
  event: resolveEvents(parseEvents(text), host)[0][0],
  group,
  count,
  running,
  state: count === null ? "not_counted" : "counted",
  reason: "",
});

Deno.test("counterRatios() divides what counted together, and says where it did not", () => {
  const rows = recordsOf(counterRatios(
    [
      counted("cycles", 2_000n, 0),
      counted("instructions", 3_000n, 0),
      counted("cache-references", 100n, 1, 0.5),
      counted("cache-misses", 25n, 2, 0.5),
      counted("branches", null, 3),
      counted("branch-misses", 5n, 3),
      counted("task-clock", 1_000n, 4),
    ],
    2_000,
    true,
    quality(),
  ));
  const of = (metric: string): unknown[] => rows.filter((r) => r.metric === metric).map((r) => [r.value, r.same_time]);
  assert.deepEqual(of("ipc"), [[1.5, 1]]);
  assert.deepEqual(of("cache_miss_ratio"), [[0.25, 0]]);
  assert.deepEqual(of("branch_miss_ratio"), []);
  assert.deepEqual(of("frequency"), [[2, 1]]);
  assert.deepEqual(of("cpus_used"), [[0.5, 1]]);
});

Deno.test("meanCounts() tells mean and standard error", async () => {
  const run = await countEvents(host, { pid: 0, events: "page-faults", durationNs: 1e6, signal });
  const withValue = (value: number): Counts => ({
    ...run,
    counters: tableFromRows(run.counters.fields, rowsOf(run.counters).map((row) => row.with(1, value))),
  });
  const [row] = recordsOf(meanCounts([2, 4, 4, 6].map(withValue)).counters);
  assert.equal(row.value, 4);
  // Sample deviation sqrt(8/3), by sqrt(4), by 4.
  assert.ok(Math.abs(Number(row.deviation) - Math.sqrt(8 / 3) / 2 / 4) < 1e-12);
});
