import { field, type Frame, type Histogram, type Table, tableFromRows } from "../../data/mod.ts";
import type { OffCpuMeasurement } from "./off_cpu_sampler.ts";
import type { Wait } from "./wait.ts";

/** What a measurement says, as tables and a histogram; rows with the most time first. */
export interface OffCpuTables {
  readonly reasons: Table;
  /** Who ended the waits. */
  readonly wakers: Table;
  /** By process, reason and stack. */
  readonly stacks: Table;
  readonly threads: Table;
  readonly durations: Histogram;
}

const SHARE = "Of all time off the CPU that is shown";

const REASON_FIELDS = [
  field("reason", "string", "Why threads were off the CPU"),
  field("off_cpu", "duration", "Time off the CPU, of all threads together"),
  field("share", "ratio", SHARE),
  field("waits", "int", "How many times", "count"),
  field("mean", "duration", "Time of one"),
  field("max", "duration", "The longest"),
  field("queued", "duration", "Part of off_cpu in which it could have run: it waited for a CPU"),
  field("throughout", "duration", "Part of off_cpu of threads that did not run at all in the window"),
];

const WAKER_FIELDS = [
  field("waker", "string", "Thread that ended the wait, or the part of the machine: [timer], [disk], [network]"),
  field("waker_pid", "pid", "Its process; 0 for the machine"),
  field("comm", "string", "Process that it woke up"),
  field("reason", "string", "What that waited for"),
  field("blocked", "duration", "Time that it waited until then"),
  field("share", "ratio", SHARE),
  field("waits", "int", "How many times", "count"),
];

const STACK_FIELDS = [
  field("comm", "string", "Process"),
  field("pid", "pid", "Its number"),
  field("reason", "string", "Why it was off the CPU"),
  field("off_cpu", "duration", "Time off the CPU"),
  field("share", "ratio", SHARE),
  field("waits", "int", "How many times", "count"),
  field("max", "duration", "The longest"),
  field("channel", "string", "Function of the kernel that it waits in"),
  field("waker", "string", "Who ended most of this time"),
  field("stack", "stack", "Where it left: user frames, kernel frames on top"),
];

const THREAD_FIELDS = [
  field("tid", "tid", "Thread"),
  field("comm", "string", "Its name"),
  field("pid", "pid", "Its process"),
  field("wall", "duration", "Time that it was there in the window: on_cpu + off_cpu"),
  field("on_cpu", "duration", "Time on a CPU"),
  field("off_cpu", "duration", "Time off the CPU"),
  field("queued", "duration", "Part of off_cpu in which it could have run: it waited for a CPU"),
  field("short", "duration", "Part of off_cpu in times too short to be shown one by one"),
  field("reason", "string", "Why it was off the CPU most of that time"),
];

/** @param limit most rows of stacks, wakers and threads, 1 or more */
export function offCpuTables(measured: OffCpuMeasurement, limit: number): OffCpuTables {
  const { waits, quality } = measured;
  const all = waits.reduce((ns, w) => ns + w.totalNs, 0);
  const share = (ns: number): number => all > 0 ? ns / all : 0;

  const reasons = group(waits, (w) => w.reason, (w) => w.totalNs).map(({ first, list, ns }) => {
    const count = sum(list, (w) => w.count);
    return [
      first.reason,
      ns,
      share(ns),
      count,
      ns / count,
      longest(list),
      sum(list, (w) => w.queuedNs),
      throughout(list),
    ];
  });
  const ended = waits.filter((w) => w.waker !== null);
  const wakerKey = (w: Wait): string => `${w.waker!.name}\0${w.waker!.pid}\0${w.pid}\0${w.reason}`;
  const blocked = (w: Wait): number => w.totalNs - w.queuedNs;
  const wakers = group(ended, wakerKey, blocked).slice(0, limit).map(({ first, list, ns }) => [
    ...[first.waker!.name, first.waker!.pid, first.comm, first.reason, ns, share(ns), sum(list, (w) => w.count)],
  ]);
  const ids = frameIds();
  const stackKey = (w: Wait): string => `${w.pid}\0${w.reason}\0${ids(w.frames)}`;
  const stacks = group(waits, stackKey, (w) => w.totalNs).slice(0, limit).map(({ first, list, ns }) => {
    const by = group(list.filter((w) => w.waker !== null), (w) => w.waker!.name, blocked);
    const stack = first.frames.length > 0 ? first.frames : null;
    const count = sum(list, (w) => w.count);
    return [
      ...[first.comm, first.pid, first.reason, ns, share(ns), count, longest(list), first.channel],
      ...[by[0]?.first.waker?.name ?? "", stack],
    ];
  });
  const byThread = new Map(group(waits, (w) => String(w.tid), (w) => w.totalNs).map((g) => [g.first.tid, g.list]));
  const threads = [...measured.threads].sort((a, b) => b.offNs - a.offNs).slice(0, limit).map((t) => {
    const [top] = group(byThread.get(t.tid) ?? [], (w) => w.reason, (w) => w.totalNs);
    const on = Number.isNaN(t.onNs) ? null : t.onNs;
    const wall = on === null ? null : on + t.offNs;
    return [t.tid, t.comm, t.pid, wall, on, t.offNs, t.queuedNs, t.shortNs, top?.first.reason ?? ""];
  });
  return {
    reasons: tableFromRows(REASON_FIELDS, reasons.map(integers), quality),
    wakers: tableFromRows(WAKER_FIELDS, wakers, quality),
    stacks: tableFromRows(STACK_FIELDS, stacks, quality),
    threads: tableFromRows(THREAD_FIELDS, threads, quality),
    durations: durations(measured),
  };
}

function durations({ waits, quality }: OffCpuMeasurement): Histogram {
  const counts: number[] = [];
  for (const { buckets } of waits) buckets.forEach((n, i) => counts[i] = (counts[i] ?? 0) + n);
  const buckets = counts.map((count, i) => ({ min: 2 ** i, max: 2 ** (i + 1), count }));
  const first = buckets.findIndex((b) => b.count > 0);
  const last = buckets.findLastIndex((b) => b.count > 0);
  return { kind: "histogram", unit: "ns", buckets: first < 0 ? [] : buckets.slice(first, last + 1), quality };
}

interface Group {
  /** The wait with the most time. */
  first: Wait;
  readonly list: Wait[];
  ns: number;
}

/** Groups, the one with the most time first. */
function group(waits: readonly Wait[], key: (w: Wait) => string, time: (w: Wait) => number): Group[] {
  const groups = new Map<string, Group>();
  for (const wait of waits) {
    const k = key(wait);
    const known = groups.get(k);
    if (!known) groups.set(k, { first: wait, list: [wait], ns: time(wait) });
    else {
      known.list.push(wait);
      known.ns += time(wait);
      if (time(wait) > time(known.first)) known.first = wait;
    }
  }
  return [...groups.values()].sort((a, b) => b.ns - a.ns);
}

/** Numbers of stacks that read alike. */
function frameIds(): (frames: readonly Frame[]) => string {
  const ids = new Map<string, number>();
  const known = new Map<readonly Frame[], string>();
  return (frames) => {
    let text = known.get(frames);
    if (text === undefined) {
      text = frames.map((f) => {
        const key = `${f.kind}\0${f.function}\0${f.module}`;
        const id = ids.get(key) ?? ids.size;
        ids.set(key, id);
        return id;
      }).join(",");
      known.set(frames, text);
    }
    return text;
  };
}

const sum = (list: readonly Wait[], of: (w: Wait) => number): number => list.reduce((n, w) => n + of(w), 0);
const longest = (list: readonly Wait[]): number => list.reduce((n, w) => Math.max(n, w.maxNs), 0);
const throughout = (list: readonly Wait[]): number => sum(list.filter((w) => w.sinceStart && w.open), (w) => w.totalNs);
/** Durations are whole nanoseconds. */
const integers = (row: readonly (string | number)[]): (string | number)[] =>
  row.map((cell, i) => i !== 2 && typeof cell === "number" ? Math.round(cell) : cell);
