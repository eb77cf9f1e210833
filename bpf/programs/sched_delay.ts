import { assetBytes } from "../../core/assets/mod.ts";
import { type Cell, field, type Quality, quality, type Table, tableFromRows } from "../../core/data/mod.ts";
import { quantileOf } from "../../core/query/quantile_layout.ts";
import { clockNs } from "../../core/sys/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { forEachEntry } from "./_entries.ts";
import { inWords, loadObject, type ProgramOptions, type Variant } from "./_load.ts";
import { readCounters, startMeter } from "./_measure.ts";

/** What to measure. */
export interface SchedDelayOptions extends ProgramOptions {
  /** Only this thread; a number of the initial pid namespace. 0, the default, is all. */
  readonly tid?: number;
  /** Only this process; a number of the initial pid namespace. 0, the default, is all. */
  readonly pid?: number;
  /** Adds up processes: then every number in the results is that of a process's main thread. */
  readonly byProcess?: boolean;
  /** Most threads or processes, and most pairs of them; 1 or more. Default 16384. */
  readonly maxTasks?: number;
  /** Forces one of the two ways to attach: for tests. */
  readonly variant?: "typed" | "raw";
}

/** Both results; the quality is the same. */
export interface SchedDelays {
  /** A row for each task that waited: how often, how long, how often because it was preempted. */
  readonly delays: Table;
  /** A row for each task and one that ran while it waited: for how long. */
  readonly behind: Table;
}

/** A measurement that runs. Disposing it detaches everything. */
export interface SchedDelay extends Disposable {
  /** `typed` (tp_btf), or `raw` where the kernel does not take that. */
  readonly variant: string;
  /** Ends the window; what was counted can still be read. */
  stop(): void;
  /** What was counted since the start. @throws {SysError} */
  read(): SchedDelays;
}

const VARIANTS: readonly Variant[] = ["typed", "raw"].map((name) => ({
  name,
  programs: ["wakeup", "wakeup_new", "migrate", "switch"].map((program) => `${program}_${name}`),
}));

const COMM_BYTES = 16;
/** What a wait costs in all programs, where the kernel does not tell (docs/internals/bpf.md, "libbpf and CO-RE"). */
const ESTIMATED_WAIT_NS = 3000;

const DELAY_FIELDS = [
  field("tid", "tid", "The task that waited; in the initial pid namespace"),
  field("comm", "string", "Its name"),
  field("process", "tid", "Main thread of its process"),
  field("waits", "int", "Times that it waited on a run queue", "count"),
  field("delay", "duration", "Time that it waited in all"),
  field("p50", "duration", "Half of the waits were no longer"),
  field("p99", "duration", "99 % of the waits were no longer"),
  field("max", "duration", "The longest wait"),
  field("preemptions", "int", "Waits that began because another task took the CPU", "count"),
  field("preempted", "duration", "Time in those waits"),
  field("unknown", "duration", "Part of the delay of which it is not known who ran: more than 32 tasks in turn"),
];

const BEHIND_FIELDS = [
  field("tid", "tid", "The task that waited"),
  field("comm", "string", "Its name"),
  field("runner", "tid", "The task that had the CPU meanwhile; 0 is the idle one: the CPU was waking up"),
  field("runner_comm", "string", "Its name"),
  field("delay", "duration", "How long it ran while the other waited"),
  field("share", "ratio", "Of the delay of the task that waited"),
];

/**
 * Measures from now on how long tasks wait for a CPU, and who runs meanwhile: `sched_delay.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startSchedDelay(options: SchedDelayOptions): SchedDelay {
  const { host, tid = 0, pid = 0, byProcess = false, maxTasks = 16_384 } = options;
  const cpus = possibleCpus(host);
  const { object, variant } = loadObject(
    "sched_delay",
    assetBytes("bpf/programs/sched_delay.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      fresh.setConstants({ only_tid: tid, only_tgid: pid, by_process: byProcess });
      for (const map of ["waiting", "tasks", "pairs"]) fresh.map(map).setMaxEntries(maxTasks);
      fresh.map("buckets").setMaxEntries(4 * maxTasks);
      fresh.map("cpus").setMaxEntries(cpus);
    },
  );
  let events = 0;
  const programs = object.programs.filter((p) => p.autoload);
  const meter = startMeter(programs.map((p) => p.fd), () => events * ESTIMATED_WAIT_NS);
  const dispose = (): void => {
    meter[Symbol.dispose]();
    object[Symbol.dispose]();
  };
  let links: Disposable[] = [];
  try {
    links = programs.map((p) => p.attach());
  } catch (error) {
    dispose();
    throw inWords(error, `attaching "sched_delay"`, host, options.btf !== undefined);
  }
  const startNs = clockNs();
  let endNs = 0;
  return {
    variant,
    stop(): void {
      if (endNs > 0) return;
      meter.costed(() => links.forEach((link) => link[Symbol.dispose]()));
      endNs = clockNs();
    },
    read: () => {
      const rows = meter.costed(() => readRows(object));
      events = rows.events;
      const durationNs = (endNs || clockNs()) - startNs;
      const { cost, missed } = meter.read(durationNs);
      const lost_by = losses(readCounters(object.map("counters").fd, object.map("counters").spec, cpus), missed);
      const q = quality({
        ...lost_by,
        events,
        unmatched: { ...lost_by.unmatched, starts: rows.open },
        duration_ns: durationNs,
        cost,
      });
      return {
        delays: tableFromRows(DELAY_FIELDS, rows.delays, q),
        behind: tableFromRows(BEHIND_FIELDS, rows.behind, q),
      };
    },
    [Symbol.dispose]: dispose,
  };
}

function losses(counters: readonly number[], recursion: number): Pick<Quality, "lost_by" | "unmatched"> {
  const [waiting, tasks, pairs, buckets, ends, switches] = counters;
  const all = {
    map_full: waiting + tasks,
    pairs_full: pairs,
    buckets_full: buckets,
    missed_switch: switches,
    recursion,
  };
  return {
    lost_by: Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)),
    unmatched: { starts: 0, ends, replaced: 0 },
  };
}

/** Sums of one task over all CPUs (struct task_delay). */
interface Delay {
  comm: string;
  readonly process: number;
  waits: number;
  total: number;
  max: number;
  preemptions: number;
  preempted: number;
  unknown: number;
  readonly buckets: [index: number, count: number][];
}

interface Rows {
  readonly delays: Cell[][];
  readonly behind: Cell[][];
  readonly events: number;
  /** Tasks that wait now. */
  readonly open: number;
}

function readRows(object: BpfObject): Rows {
  const delays = new Map<number, Delay>();
  let events = 0;
  forEachEntry(object.map("tasks"), (key, value) => {
    const id = key.u32(0);
    let d = delays.get(id);
    if (!d) {
      const zero = { waits: 0, total: 0, max: 0, preemptions: 0, preempted: 0, unknown: 0 };
      delays.set(id, d = { comm: "", process: value.u32(48), ...zero, buckets: [] });
    }
    d.comm = value.text(56, COMM_BYTES);
    d.waits += value.u64(0);
    d.total += value.u64(8);
    d.max = Math.max(d.max, value.u64(16));
    d.preemptions += value.u64(24);
    d.preempted += value.u64(32);
    d.unknown += value.u64(40);
    events += value.u64(0);
  });
  forEachEntry(object.map("buckets"), (key, value) => {
    delays.get(key.u32(0))?.buckets.push([key.u32(4), value.u64(0)]);
  });
  const behind: [Cell[], number][] = [];
  forEachEntry(object.map("pairs"), (key, value) => {
    const waiter = delays.get(key.u32(0));
    if (!waiter) return; // between the two reads
    const ns = value.u64(0);
    const share = waiter.total > 0 ? Math.min(1, ns / waiter.total) : null;
    behind.push([[key.u32(0), waiter.comm, key.u32(4), value.text(16, COMM_BYTES), ns, share as Cell], ns]);
  });
  let open = 0;
  forEachEntry(object.map("waiting"), () => open++);
  return {
    delays: [...delays].sort(([, a], [, b]) => b.total - a.total).map(([id, d]) => {
      const buckets = d.buckets.sort(([a], [b]) => a - b);
      const counted = buckets.reduce((n, [, count]) => n + count, 0);
      const at = (q: number): Cell => quantileOf(buckets, counted, q, true);
      // A bucket's middle may lie beyond the longest of its values.
      const p = (q: number): Cell => at(q) === null ? null : Math.min(Number(at(q)), d.max);
      return [id, d.comm, d.process, d.waits, d.total, p(0.5), p(0.99), d.max, d.preemptions, d.preempted, d.unknown];
    }),
    behind: behind.sort(([, a], [, b]) => b - a).map(([row]) => row),
    events,
    open,
  };
}
