import assert from "node:assert/strict";
import type { BpftraceBucket, BpftraceMap } from "./bpftrace_oracle.ts";
import type { Bench, Row } from "./kernels/smoke_case.ts";

/** What a comparison may use. */
export interface OnelinerBench extends Bench {
  /** A process that reads what it is sent, by `feed`. */
  readonly reader: number;
  /** Sends one write of so many bytes to the reader, for each of them, and waits until it has read it. */
  feed(sizes: readonly number[]): Promise<void>;
  /** A stopped process that `spin` lets run. */
  readonly spinner: number;
  /** Lets the spinner use a second of CPU time, and waits for its end. Once. */
  spin(): Promise<void>;
  /** Writes past the page cache, so many bytes at a time, under the name of `comm`. */
  writeBlocks(bytes: number, times: number): Promise<void>;
}

/** One recipe of recipes/oneliners beside its original. */
export interface OnelinerCase {
  /** Name of the recipe. */
  readonly recipe: string;
  params?(bench: OnelinerBench): Record<string, string>;
  /** On functions of the kernel: only where it has kprobes, as the guests of the kernel matrix do. */
  readonly kprobes?: boolean;
  /** A condition put before the first aggregation or selection, so that others do not count; the program has the same. */
  narrow?(bench: OnelinerBench): string;
  /** The program of bpftrace: its original, without printing, as both count by key here. */
  program(bench: OnelinerBench): string;
  work(bench: OnelinerBench): Promise<void>;
  /** Throws when they differ; otherwise how many events both saw, which must not be 0. */
  compare(rows: readonly Row[], maps: Readonly<Record<string, BpftraceMap>>, bench: OnelinerBench): number;
}

/** Why a recipe is not compared here. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  hello: "its count is that of a timer: the kernel matrix runs it",
  cache_misses_by_process: "needs hardware counters, which neither test machines nor their guests have",
};

const SIZES = [1, 2, 3, 5, 64, 100, 1000, 1024, 4000, 4096];
const N = 50;

/** What both run, over one load at the same time. */
export const ONELINER_CASES: readonly OnelinerCase[] = [
  {
    recipe: "file_opens",
    program: (b) => `tracepoint:syscalls:sys_enter_openat /comm == "${b.comm}"/ { @[str(args->filename)] = count(); }`,
    work: (b) => times(5, () => b.load("read", 1)),
    compare: (rows, maps, b) => sameCounts(tally(of(rows, b.comm), "filename"), maps["@"]),
  },
  {
    recipe: "syscalls_by_process",
    program: () => "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }",
    work: (b) => b.load("getppid", N),
    compare: byComm("count"),
  },
  {
    recipe: "read_sizes_of_process",
    params: (b) => ({ pid: String(b.reader) }),
    program: (b) => `tracepoint:syscalls:sys_exit_read /pid == ${b.reader}/ { @ = hist(args->ret); }`,
    work: (b) => b.feed(SIZES),
    compare: (rows, maps) => sameBuckets(rows[0].bytes, buckets(maps["@"], "")),
  },
  {
    recipe: "process_events",
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) => `tracepoint:sched:sched* /comm == "${b.comm}"/ { @[probe] = count(); }`,
    work: (b) => b.load("child", 20),
    compare: (rows, maps) => almostSameCounts(keyed(rows, "probe", "count"), maps["@"]),
  },
  {
    recipe: "kernel_stacks",
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) => `profile:hz:99 /comm == "${b.comm}"/ { @ = count(); }`,
    work: (b) => b.load("spin", 1000),
    compare: (rows, maps) => alike(sumOf(rows, "count"), Number(maps["@"])),
  },
  {
    recipe: "switch_stacks",
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) => `tracepoint:sched:sched_switch /comm == "${b.comm}"/ { @ = count(); }`,
    work: (b) => b.load("child", 20),
    compare: (rows, maps) => same(sumOf(rows, "count"), Number(maps["@"])),
  },
  {
    recipe: "block_sizes",
    narrow: (b) => `args.comm == "${b.comm}"`,
    program: (b) => `tracepoint:block:block_rq_issue /args->comm == "${b.comm}"/ { @ = hist(args->bytes); }`,
    work: async (b) => {
      await b.writeBlocks(4096, 8);
      await b.writeBlocks(65_536, 4);
    },
    compare: (rows, maps) => sameBuckets(rows[0].bytes, buckets(maps["@"], "")),
  },
  {
    recipe: "vfs_read_sizes",
    kprobes: true,
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) => `kretprobe:vfs_read /comm == "${b.comm}"/ { @ = lhist(retval, 0, 2000, 200); }`,
    work: (b) => b.load("read", N),
    compare: (rows, maps) => sameBuckets(rows[0].bytes, buckets(maps["@"], "")),
  },
  {
    recipe: "read_times",
    kprobes: true,
    // Both take the time themselves: the calls can be compared, not how long they took.
    program: (b) =>
      `kprobe:vfs_read /comm == "${b.comm}"/ { @start[tid] = nsecs; }
       kretprobe:vfs_read /@start[tid]/ { @ = count(); delete(@start[tid]); }`,
    work: (b) => b.load("read", N),
    compare: (rows, maps, b) => same(countOf(of(rows, b.comm)[0].hist_duration), Number(maps["@"])),
  },
  {
    recipe: "kernel_structs",
    kprobes: true,
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) =>
      `kprobe:vfs_open /comm == "${b.comm}"/ { @[str(((struct path *)arg0)->dentry->d_name.name)] = count(); }`,
    work: (b) => times(5, () => b.load("read", 1)),
    compare: (rows, maps) => sameCounts(tally(rows, "name"), maps["@"]),
  },
  {
    recipe: "opens_by_process",
    program: (b) =>
      `tracepoint:syscalls:sys_enter_open, tracepoint:syscalls:sys_enter_openat /comm == "${b.comm}"/ {
        @[str(args->filename)] = count(); }`,
    work: (b) => times(5, () => b.load("read", 1)),
    compare: (rows, maps, b) => sameCounts(tally(of(rows, b.comm), "filename"), maps["@"]),
  },
  {
    recipe: "syscalls_by_program",
    // Twenty names are shown: the load's must be among them.
    narrow: (b) => `comm == "${b.comm}"`,
    program: () => "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }",
    work: (b) => b.load("getppid", N),
    compare: byComm("count"),
  },
  {
    recipe: "read_bytes_by_process",
    program: () => "tracepoint:syscalls:sys_exit_read /args->ret > 0/ { @[comm] = sum(args->ret); }",
    work: (b) => b.load("read", N),
    compare: byComm("bytes"),
  },
  {
    recipe: "read_sizes_by_process",
    program: () => "tracepoint:syscalls:sys_exit_read { @[comm] = hist(args->ret); }",
    work: (b) => b.load("read", N),
    compare: (rows, maps, b) => sameBuckets(of(rows, b.comm)[0].bytes, buckets(maps["@"], b.comm)),
  },
  {
    recipe: "syscall_rate",
    narrow: (b) => `comm == "${b.comm}"`,
    program: (b) => `tracepoint:raw_syscalls:sys_enter /comm == "${b.comm}"/ { @ = count(); }`,
    work: (b) => b.load("getppid", N),
    compare: (rows, maps) => same(Number(rows[0].calls), Number(maps["@"])),
  },
  {
    recipe: "disk_bytes_by_process",
    program: (b) => `tracepoint:block:block_rq_issue /args->comm == "${b.comm}"/ { @[args->bytes] = count(); }`,
    work: (b) => b.writeBlocks(8192, 6),
    compare: (rows, maps, b) => sameCounts(tally(rows.filter((r) => r.process === b.comm), "bytes"), maps["@"]),
  },
  {
    recipe: "page_faults_by_process",
    program: () => "software:faults:1 { @[comm] = count(); }",
    work: (b) => b.load("fault", N),
    compare: byComm("count"),
  },
  {
    recipe: "user_stacks_of_process",
    params: (b) => ({ pid: String(b.spinner) }),
    program: (b) => `profile:hz:99 /pid == ${b.spinner}/ { @ = count(); }`,
    work: (b) => b.spin(),
    compare: (rows, maps) => alike(sumOf(rows, "count"), Number(maps["@"])),
  },
  {
    recipe: "opens_in_cgroup",
    params: (b) => ({ group: b.cgroup ?? "" }),
    program: (b) =>
      `tracepoint:syscalls:sys_enter_openat /cgroup == cgroupid("${b.cgroupFolder}") && comm == "${b.comm}"/ {
        @[str(args->filename)] = count(); }`,
    work: async (b) => {
      await b.load("read", 1);
      await times(5, () => b.loadInCgroup("read", 1));
    },
    compare: (rows, maps, b) => sameCounts(tally(of(rows, b.comm), "filename"), maps["@"]),
  },
];

async function times(n: number, work: () => Promise<void>): Promise<void> {
  for (let i = 0; i < n; i++) await work();
}

/** The rows of the load's process. */
function of(rows: readonly Row[], comm: string): readonly Row[] {
  return rows.filter((r) => r.comm === comm);
}

function sumOf(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}

/** Values in a histogram. */
function countOf(cell: unknown): number {
  return (cell as { readonly buckets: readonly { readonly count: number }[] }).buckets.reduce((n, b) => n + b.count, 0);
}

/** How many rows have each value. */
function tally(rows: readonly Row[], column: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[String(row[column])] = (counts[String(row[column])] ?? 0) + 1;
  return counts;
}

function keyed(rows: readonly Row[], key: string, value: string): Record<string, number> {
  return Object.fromEntries(rows.map((r) => [String(r[key]), Number(r[value])]));
}

function byComm(column: string): OnelinerCase["compare"] {
  return (rows, maps, b) => same(sumOf(of(rows, b.comm), column), (maps["@"] as Record<string, number>)[b.comm]);
}

function same(ours: number, theirs: number): number {
  assert.equal(ours, theirs);
  return ours;
}

/** Samples of two timers over one load: never exactly as many. */
function alike(ours: number, theirs: number): number {
  assert.ok(Math.abs(ours - theirs) <= 10 + 0.3 * Math.max(ours, theirs), `${ours} samples, bpftrace has ${theirs}`);
  return ours;
}

function sameCounts(ours: Record<string, number>, theirs: BpftraceMap | undefined): number {
  assert.deepEqual(ours, theirs ?? {});
  return Object.values(ours).reduce((a, b) => a + b, 0);
}

/**
 * Of programs that may interrupt each other: an event while one of the two runs, as from a timer that wakes somebody, is
 * skipped by it (trace_call_bpf in kernel/trace/bpf_trace.c).
 */
function almostSameCounts(ours: Record<string, number>, theirs: BpftraceMap | undefined): number {
  const other = (theirs ?? {}) as Record<string, number>;
  for (const key of new Set([...Object.keys(ours), ...Object.keys(other)])) {
    const told = JSON.stringify({ key, ours, other });
    assert.ok(Math.abs((ours[key] ?? 0) - (other[key] ?? 0)) <= 1, told);
  }
  return Object.values(ours).reduce((a, b) => a + b, 0);
}

function buckets(map: BpftraceMap, key: string): readonly BpftraceBucket[] {
  return (map as Record<string, readonly BpftraceBucket[]>)[key] ?? [];
}

/** Both count by powers of two; empty buckets are nobody's. */
function sameBuckets(cell: unknown, theirs: readonly BpftraceBucket[]): number {
  const { buckets } = cell as { readonly buckets: readonly { readonly min: number; readonly count: number }[] };
  const filled = (all: readonly { readonly min?: number; readonly count: number }[]): [number, number][] =>
    all.filter((b) => Number(b.count) > 0).map((b) => [Number(b.min ?? -Infinity), Number(b.count)]);
  const ours = filled(buckets);
  assert.deepEqual(ours, filled(theirs));
  return ours.reduce((sum, [, count]) => sum + count, 0);
}
