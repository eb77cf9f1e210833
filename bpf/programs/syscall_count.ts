import { assetBytes } from "../../core/assets/mod.ts";
import { type Quality, quality } from "../../core/data/mod.ts";
import { syscallNumber } from "../../core/host/syscall_name.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { clockNs } from "../../core/sys/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import { updateMap } from "../kernel/map.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { distribution } from "./_distribution.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { inWords, loadObject, type Variant } from "./_load.ts";
import { readCounters, startMeter } from "./_measure.ts";
import { callName, errorName } from "./_syscall_words.ts";

/** What to count. */
export interface SyscallCountOptions extends AnalyzerOptions {
  /**
   * In place of `pid`: these processes, in sonde's own pid namespace, those that they make from now on, and theirs. With
   * `fromExec` a process counts from its next exec on.
   */
  readonly follow?: { readonly pids: readonly number[]; readonly fromExec: boolean };
  /** Keeps durations, for quantiles: one lookup more for each call. Default: yes. */
  readonly distributions?: boolean;
  /** Measures what the programs cost, which costs some 200 ns a call; else it is estimated. Default: yes. */
  readonly measureCost?: boolean;
}

/**
 * Attached in this order, and detached in the opposite one: what tells of threads first; returns last, since one without
 * an entry before it means that a filter has answered.
 */
const PROGRAMS = ["fork", "exec", "end", "enter", "leave"];
const VARIANTS: readonly Variant[] = ["typed", "raw"].map((name) => ({
  name,
  programs: PROGRAMS.map((program) => `${program}_${name}`),
}));

const COMM_BYTES = 16;
const IN_CALL = 1;
/** What a call costs in both programs, where the kernel does not tell (docs/analyzers/syscall_count.md). */
const ESTIMATED_CALL_NS = 250;

/**
 * Counts system calls from now on, with errors and times: `syscall_count.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startSyscallCount(options: SyscallCountOptions): RunningAnalyzer {
  const { host, pid, follow, distributions = true, maxEntries = 16_384 } = options;
  const cpus = possibleCpus(host);
  const { object, variant } = loadObject(
    "syscall_count",
    assetBytes("bpf/programs/syscall_count.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      fresh.setConstants({
        ...analyzerConstants(host, follow ? 0 : pid),
        follow: follow !== undefined,
        execve_nr: follow?.fromExec ? syscallNumber("execve") ?? 0 : 0,
        distributions,
      });
      for (const map of ["threads", "processes", "programs", "calls", "errors"]) {
        fresh.map(map).setMaxEntries(maxEntries);
      }
      fresh.map("buckets").setMaxEntries(distributions ? 4 * maxEntries : 1);
    },
  );
  let events = 0;
  const programs = PROGRAMS.map((name) => object.program(`${name}_${variant}`));
  const meter = startMeter(programs.map((p) => p.fd), () => events * ESTIMATED_CALL_NS, options.measureCost);
  const dispose = (): void => {
    meter[Symbol.dispose]();
    object[Symbol.dispose]();
  };
  const links: Disposable[] = [];
  try {
    for (const target of follow?.pids ?? []) {
      updateMap(object.map("targets").fd, Uint32Array.of(target), Uint32Array.of(1), "a process");
    }
    for (const program of programs) links.push(program.attach());
  } catch (error) {
    dispose();
    throw inWords(error, `attaching "syscall_count"`, host, options.btf !== undefined);
  }
  const startNs = clockNs();
  let endNs = 0;
  return {
    variant,
    stop(): void {
      if (endNs > 0) return;
      meter.costed(() => {
        links.at(-1)![Symbol.dispose]();
        endNs = clockNs();
        links.toReversed().forEach((link) => link[Symbol.dispose]());
      });
    },
    read(): Analysis {
      const now = endNs || clockNs();
      const { tables, calls, open } = meter.costed(() => readTables(object, now));
      events = calls;
      const { cost, missed } = meter.read(now - startNs);
      const lost = losses(readCounters(object.map("counters").fd, object.map("counters").spec, cpus), missed);
      return {
        tables,
        quality: quality({
          lost_by: lost.lost_by,
          events,
          unmatched: { starts: open, ends: lost.ends, replaced: 0 },
          duration_ns: now - startNs,
          cost,
        }),
      };
    },
    [Symbol.dispose]: dispose,
  };
}

function losses(
  counters: readonly number[],
  recursion: number,
): { readonly lost_by: Quality["lost_by"]; readonly ends: number } {
  const [threads, programs, calls, errors, buckets, ends] = counters;
  const all = { map_full: threads + programs + calls, errors_full: errors, buckets_full: buckets, recursion };
  return { lost_by: Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)), ends };
}

/** A number and a name of a process. */
interface Program {
  readonly pid: number;
  readonly comm: string;
}

/** Sums of struct call. */
interface Sums {
  calls: number;
  errors: number;
  denied: number;
  total: number;
  max: number;
  /** Buckets with how many are in each; one may come in parts. */
  readonly times: [bucket: number, count: number][];
}

/** One call of one process, or of all. */
interface Counted extends Program, Sums {
  readonly call: string;
}

interface Read {
  readonly tables: Analysis["tables"];
  readonly calls: number;
  /** Calls that have not returned. */
  readonly open: number;
}

function readTables(object: BpfObject, now: number): Read {
  const programs = new Map<bigint, Program>();
  forEachEntry(object.map("programs"), (key, value) => {
    programs.set(key.big(0), { pid: value.u32(0), comm: value.text(4, COMM_BYTES) });
  });
  const counted = new Map<string, Counted>();
  // What has one number and name is one row, also when it was started again under its name.
  const keyOf = ({ pid, comm }: Program, key: StructView): string => `${pid} ${key.u32(8)} ${key.u16(12)} ${comm}`;
  forEachEntry(object.map("calls"), (key, value) => {
    const program = programs.get(key.big(0));
    if (!program) return;
    const name = keyOf(program, key);
    let c = counted.get(name);
    if (!c) counted.set(name, c = { ...program, call: callName(key.u32(8) | 0, key.u16(12)), ...noCalls() });
    c.calls += value.u64(0);
    c.errors += value.u64(8);
    c.total += value.u64(16);
    c.max = Math.max(c.max, value.u64(24));
    c.denied += value.u64(32);
  });
  forEachEntry(object.map("buckets"), (key, value) => {
    const program = programs.get(key.big(0));
    if (program) counted.get(keyOf(program, key))?.times.push([key.u32(16), value.u64(0)]);
  });
  const errors = new Map<string, Record<string, string | number>>();
  forEachEntry(object.map("errors"), (key, value) => {
    const program = programs.get(key.big(0));
    if (!program) return;
    const errno = key.u32(16);
    const name = `${keyOf(program, key)} ${errno}`;
    const { pid, comm } = program;
    const call = callName(key.u32(8) | 0, key.u16(12));
    const row = errors.get(name) ?? { pid, comm, call, error: errorName(errno), errno, count: 0 };
    errors.set(name, { ...row, count: Number(row.count) + value.u64(0) });
  });
  const waiting: Record<string, string | number>[] = [];
  forEachEntry(object.map("threads"), (key, value) => {
    const program = programs.get(value.big(8));
    const time = now - value.u64(0);
    if (!program || value.u16(22) !== IN_CALL || time < 0) return;
    waiting.push({ tid: key.u32(0), ...program, call: callName(value.u32(16) | 0, value.u16(20)), time });
  });

  const rows = [...counted.values()].sort((a, b) => b.calls - a.calls);
  return {
    tables: {
      calls: rows.map((c) => ({ pid: c.pid, comm: c.comm, call: c.call, ...numbersOf(c) })),
      syscalls: [...groupBy(rows, (c) => c.call)].map(([call, all]) => ({
        call,
        processes: new Set(all.map((c) => c.pid)).size,
        ...numbersOf(sumOf(all)),
      })).sort(byCalls),
      processes: [...groupBy(rows, (c) => `${c.pid} ${c.comm}`).values()].map((all) => {
        const { calls, errors, denied, total } = sumOf(all);
        return { pid: all[0].pid, comm: all[0].comm, calls, errors, denied, total };
      }).sort(byCalls),
      errors: [...errors.values()].sort((a, b) => Number(b.count) - Number(a.count)),
      waiting: waiting.sort((a, b) => Number(b.time) - Number(a.time)),
    },
    calls: rows.reduce((n, c) => n + c.calls, 0),
    open: waiting.length,
  };
}

function byCalls(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): number {
  return Number(b.calls) - Number(a.calls);
}

function noCalls(): Sums {
  return { calls: 0, errors: 0, denied: 0, total: 0, max: 0, times: [] };
}

function sumOf(all: readonly Sums[]): Sums {
  const sum = noCalls();
  for (const c of all) {
    sum.calls += c.calls;
    sum.errors += c.errors;
    sum.denied += c.denied;
    sum.total += c.total;
    sum.max = Math.max(sum.max, c.max);
    sum.times.push(...c.times);
  }
  return sum;
}

function groupBy<T>(all: Iterable<T>, key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

function numbersOf({ calls, errors, denied, total, max, times }: Sums): Record<string, number | null> {
  const timed = calls - denied;
  const all = distribution();
  for (const [bucket, count] of times) all.add(bucket, count);
  return {
    ...{ calls, errors, denied, total },
    mean: timed > 0 ? Math.round(total / timed) : null,
    p50: all.quantile(0.5, max),
    p99: all.quantile(0.99, max),
    max: timed > 0 ? max : null,
  };
}
