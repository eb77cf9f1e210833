import { type Cell, quality } from "../../core/data/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { forEachEntry } from "./_entries.ts";
import type { Variant } from "./_load.ts";
import { type MeasuredWindow, startMeasurement } from "./_measurement.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";

/** Ends are attached first: a wait that begins before must not be taken for one that goes on. */
const VARIANTS: readonly Variant[] = ["typed", "raw"].map((name) => ({
  name,
  programs: ["switch", "migrate", "wakeup", "wakeup_new"].map((program) => `${program}_${name}`),
}));

const COMM_BYTES = 16;
/** Bits of a bucket's key: behind them stands the number of a CPU, or of a kind of wait (OF_CPU, OF_KIND). */
const OF_CPU = 0x8000_0000;
const OF_KIND = 0xc000_0000;
const KINDS = ["woken", "preempted"] as const;
/** What a wait costs in all programs, where the kernel does not tell (docs/internals/bpf.md, "libbpf and CO-RE"). */
const WAIT_NS = 3000;

/**
 * The analyzer `sched_latency`: how long processes wait for a CPU, or with `pid` the threads of one, on which CPU, and who
 * ran meanwhile; by `sched_latency.bpf.c`. Sonde's own waits are in the figures of CPUs and not among the processes.
 */
export function startSchedLatency(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 16_384 } = options;
  const byProcess = pid === 0;
  const running = startMeasurement(options, {
    name: "sched_latency",
    variants: VARIANTS,
    eventNs: WAIT_NS,
    prepare(fresh, cpus) {
      fresh.setConstants({ ...analyzerConstants(host, pid), own_pid: 0, by_process: byProcess });
      for (const map of ["waiting", "tasks", "pairs"]) fresh.map(map).setMaxEntries(maxEntries);
      fresh.map("buckets").setMaxEntries(4 * maxEntries);
      for (const map of ["cpus", "queues"]) fresh.map(map).setMaxEntries(cpus);
    },
  });
  return {
    variant: running.variant,
    stop: running.stop,
    read(): Analysis {
      const { object } = running;
      const read = running.costed(() => readTasks(object));
      const window = running.window(read.events);
      let open = 0;
      forEachEntry(object.map("waiting"), () => open++);
      return {
        tables: {
          delays: delayRows(read.tasks, byProcess),
          cpus: cpuRows(object, read.others, window.durationNs),
          kinds: kindRows(object, read.others),
          behind: behindRows(object, read.tasks, byProcess),
        },
        quality: quality({
          ...losses(window, open),
          events: read.events,
          duration_ns: window.durationNs,
          cost: window.cost,
        }),
      };
    },
    [Symbol.dispose]: running[Symbol.dispose],
  };
}

function losses({ counters, missed }: MeasuredWindow, open: number): Parameters<typeof quality>[0] {
  const [waiting, tasks, pairs, buckets, ends, switches] = counters;
  const all = {
    map_full: waiting + tasks,
    pairs_full: pairs,
    buckets_full: buckets,
    missed_switch: switches,
    recursion: missed,
  };
  return {
    lost_by: Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)),
    unmatched: { starts: open, ends, replaced: 0 },
  };
}

/** Sums of one task over all CPUs (struct task_delay). */
interface Task {
  comm: string;
  /** When it had that name, in ns: the newest of all CPUs' counts. */
  last: number;
  readonly pid: number;
  readonly tid: number;
  waits: number;
  delay: number;
  max: number;
  preemptions: number;
  preempted: number;
  unknown: number;
  readonly waitsOf: Distribution;
}

interface Tasks {
  /** By the kernel's number. */
  readonly tasks: ReadonlyMap<number, Task>;
  /** Of CPUs and kinds, by key of the bucket. */
  readonly others: ReadonlyMap<number, Distribution>;
  readonly events: number;
}

function readTasks(object: BpfObject): Tasks {
  const tasks = new Map<number, Task>();
  const others = new Map<number, Distribution>();
  let events = 0;
  forEachEntry(object.map("tasks"), (key, value) => {
    const id = key.u32(0);
    let task = tasks.get(id);
    if (!task) {
      const zero = { last: 0, waits: 0, delay: 0, max: 0, preemptions: 0, preempted: 0, unknown: 0 };
      task = { comm: "", pid: value.u32(48), tid: value.u32(52), ...zero, waitsOf: distribution() };
      tasks.set(id, task);
    }
    const last = value.u64(72);
    if (last >= task.last) {
      task.last = last;
      task.comm = value.text(56, COMM_BYTES);
    }
    task.waits += value.u64(0);
    task.delay += value.u64(8);
    task.max = Math.max(task.max, value.u64(16));
    task.preemptions += value.u64(24);
    task.preempted += value.u64(32);
    task.unknown += value.u64(40);
    events += value.u64(0);
  });
  forEachEntry(object.map("buckets"), (key, value) => {
    const id = key.u32(0);
    if (id < OF_CPU) return tasks.get(id)?.waitsOf.add(key.u32(4), value.u64(0));
    let other = others.get(id);
    if (!other) others.set(id, other = distribution());
    other.add(key.u32(4), value.u64(0));
  });
  return { tasks, others, events };
}

type Row = Readonly<Record<string, Cell>>;

function delayRows(tasks: Tasks["tasks"], byProcess: boolean): Row[] {
  return [...tasks.values()].filter((t) => t.pid !== Deno.pid).sort((a, b) => b.delay - a.delay).map((t) => ({
    pid: t.pid,
    tid: byProcess ? null : t.tid,
    comm: t.comm,
    waits: t.waits,
    delay: t.delay,
    p50: t.waitsOf.quantile(0.5, t.max),
    p99: t.waitsOf.quantile(0.99, t.max),
    max: t.max,
    preemptions: t.preemptions,
    preempted: t.preempted,
    unknown: t.unknown,
  }));
}

/** A row for each CPU on which something waited (struct cpu_delay). */
function cpuRows(object: BpfObject, waitsOf: Tasks["others"], durationNs: number): Row[] {
  const rows: Row[] = [];
  forEachEntry(object.map("queues"), (key, value) => {
    const cpu = key.u32(0), delay = value.u64(0), waits = value.u64(8), max = value.u64(16);
    if (delay === 0 && waits === 0) return;
    const all = waitsOf.get(OF_CPU + cpu) ?? distribution();
    rows.push({
      cpu,
      waits,
      delay,
      queue: delay / durationNs,
      p50: all.quantile(0.5, max),
      p99: all.quantile(0.99, max),
      max,
    });
  });
  return rows.sort((a, b) => Number(a.cpu) - Number(b.cpu));
}

/** A row for each kind of wait that there was, all CPUs together (struct kind_delay in struct cpu_delay). */
function kindRows(object: BpfObject, waitsOf: Tasks["others"]): Row[] {
  const sums = KINDS.map((kind) => ({ kind, waits: 0, delay: 0, max: 0 }));
  forEachEntry(object.map("queues"), (_, value) =>
    sums.forEach((sum, i) => {
      const at = 24 + 24 * i;
      sum.waits += value.u64(at);
      sum.delay += value.u64(at + 8);
      sum.max = Math.max(sum.max, value.u64(at + 16));
    }));
  return sums.flatMap((sum, i) => {
    const all = waitsOf.get(OF_KIND + i);
    if (!all) return [];
    const { max, ...row } = sum;
    const p = { p50: all.quantile(0.5, max), p99: all.quantile(0.99, max) };
    return [{ ...row, ...p, max, distribution: all.histogram("ns") }];
  });
}

function behindRows(object: BpfObject, tasks: Tasks["tasks"], byProcess: boolean): Row[] {
  const rows: { readonly row: Row; readonly ns: number }[] = [];
  forEachEntry(object.map("pairs"), (key, value) => {
    const waiter = tasks.get(key.u32(0));
    if (!waiter || waiter.pid === Deno.pid) return; // or it came between the two reads
    const ns = value.u64(0);
    rows.push({
      ns,
      row: {
        pid: waiter.pid,
        tid: byProcess ? null : waiter.tid,
        comm: waiter.comm,
        runner: value.u32(8),
        runner_comm: value.text(16, COMM_BYTES),
        delay: ns,
        share: waiter.delay > 0 ? Math.min(1, ns / waiter.delay) : null,
      },
    });
  });
  return rows.sort((a, b) => b.ns - a.ns).map(({ row }) => row);
}
