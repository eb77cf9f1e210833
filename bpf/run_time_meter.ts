import { clockNs, type Fd, SysError } from "../core/sys/mod.ts";
import { estimatedCostNs, probeCostNs } from "./cost.ts";
import { enableRunTimeStats, type ProgramStats, programStats } from "./kernel/program.ts";
import type { Attach } from "./probes/target.ts";

/** Finds out what programs cost. Disposing it ends that. */
export interface RunTimeMeter extends Disposable {
  /**
   * What they have cost so far, in ns.
   *
   * @param elapsedNs since they were attached
   * @param events that they took at least
   */
  spentNs(elapsedNs: number, events: number): number;
  /** Whether that is drawn from a part of the time, or from what such programs usually cost. */
  readonly estimated: boolean;
}

/**
 * Measuring a run costs as much as a small program (two looks at the clock, half of what a count costs in all), and
 * turning it on or off some 10 ms of CPU where the kernel must patch its code on all CPUs. So without need it is done for
 * a part of the time only.
 */
const FIRST_MS = 100, PHASE_MS = 100, BETWEEN_MS = 10_000;

/**
 * Starts to measure programs by the kernel's statistics (Linux 5.8, CAP_SYS_ADMIN); where those are not to be had, by
 * what such programs usually cost.
 *
 * @param attached how each program is attached
 * @param programs their descriptors
 * @param always whether every run is measured: where a budget must be kept, and where we should not stop to turn it on
 */
export function meterRunTime(attached: readonly Attach[], programs: readonly Fd[], always: boolean): RunTimeMeter {
  let on: Fd | null = null;
  let refused = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the phases that have ended. */
  let past: Measured = { costNs: 0, runs: 0, elapsedNs: 0 };
  let before: Measured = past;

  const look = (): Measured => {
    const stats = programs.map((p) => programStats(p.fd));
    return { costNs: probeCostNs(attached, stats), runs: totalRuns(stats), elapsedNs: clockNs() };
  };
  const turnOn = (): void => {
    on = statisticsOrNull();
    refused = on === null;
    if (refused) return;
    before = look();
    if (!always) timer = setTimeout(turnOff, PHASE_MS);
  };
  const turnOff = (): void => {
    past = sum(past, difference(look(), before));
    on?.[Symbol.dispose]();
    on = null;
    timer = setTimeout(turnOn, BETWEEN_MS);
  };
  if (always) turnOn();
  else timer = setTimeout(turnOn, FIRST_MS);

  return {
    spentNs(elapsedNs, events): number {
      const measured = on ? sum(past, difference(look(), before)) : past;
      if (always && on) return measured.costNs;
      if (refused || measured.elapsedNs === 0 || measured.runs === 0) return estimatedCostNs(attached, events);
      const byTime = measured.costNs / measured.elapsedNs * elapsedNs;
      // A burst that no phase has seen is still in the events.
      return Math.max(byTime, events * measured.costNs / measured.runs);
    },
    get estimated(): boolean {
      return !always || on === null;
    },
    [Symbol.dispose](): void {
      clearTimeout(timer);
      on?.[Symbol.dispose]();
      on = null;
    },
  };
}

interface Measured {
  readonly costNs: number;
  readonly runs: number;
  readonly elapsedNs: number;
}

function sum(a: Measured, b: Measured): Measured {
  return { costNs: a.costNs + b.costNs, runs: a.runs + b.runs, elapsedNs: a.elapsedNs + b.elapsedNs };
}

function difference(a: Measured, b: Measured): Measured {
  return { costNs: a.costNs - b.costNs, runs: a.runs - b.runs, elapsedNs: a.elapsedNs - b.elapsedNs };
}

function totalRuns(stats: readonly ProgramStats[]): number {
  return stats.reduce((n, s) => n + s.runs, 0);
}

/** Null where it is not permitted or not there. */
function statisticsOrNull(): Fd | null {
  try {
    return enableRunTimeStats();
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}
