import type { Cost } from "../../core/data/mod.ts";
import { CLOCK, clockNs, type Fd, SysError } from "../../core/sys/mod.ts";
import { enableRunTimeStats, programStats } from "../kernel/program.ts";
import { type MapSpec, readMap } from "../kernel/map.ts";

/** What a program cost, and what it missed. */
export interface Meter extends Disposable {
  /** Does our own work with its CPU time counted. */
  costed<T>(work: () => T): T;
  /**
   * @param durationNs of the window
   * @returns the cost, and events at which a program was running already on that CPU
   */
  read(durationNs: number): { readonly cost: Cost; readonly missed: number };
}

/**
 * Measures programs from now on.
 *
 * @param programs descriptors
 * @param estimateNs what they will have cost, where the kernel's own statistics are not permitted
 * @param statistics whether the kernel measures each run, which costs it some 100 ns; else the estimate is taken
 */
export function startMeter(programs: readonly number[], estimateNs: () => number, statistics = true): Meter {
  const stats = statistics ? runTimeStats() : null;
  let ownNs = 0;
  return {
    costed<T>(work: () => T): T {
      const before = clockNs(CLOCK.THREAD_CPUTIME_ID);
      try {
        return work();
      } finally {
        ownNs += clockNs(CLOCK.THREAD_CPUTIME_ID) - before;
      }
    },
    read(durationNs) {
      const runs = programs.map(programStats);
      const probe_ns = stats ? runs.reduce((ns, r) => ns + r.runTimeNs, 0) : estimateNs();
      const ratio = durationNs > 0 ? (ownNs + probe_ns) / durationNs : 0;
      return {
        cost: { cpu_ns: ownNs, probe_ns, ratio, estimated: !stats },
        missed: runs.reduce((n, r) => n + r.missed, 0),
      };
    },
    [Symbol.dispose]: () => stats?.[Symbol.dispose](),
  };
}

function runTimeStats(): Fd | null {
  try {
    return enableRunTimeStats();
  } catch (error) {
    if (error instanceof SysError) return null; // not permitted, or not there before 5.8
    throw error;
  }
}

/** The totals of a program's counters over all CPUs, in their order (`COUNTERS` of core.bpf.h). */
export function readCounters(fd: number, spec: MapSpec, cpus: number): number[] {
  const totals = new Array<number>(spec.maxEntries).fill(0);
  let at = 0;
  for (const { count, values, valueStride } of readMap(fd, spec, cpus)) {
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++, at++) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        totals[at] += Number(view.getBigUint64(i * valueStride + cpu * 8, true));
      }
    }
  }
  return totals;
}
