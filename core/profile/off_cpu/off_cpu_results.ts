import type { Results } from "../../data/mod.ts";
import { offCpuProfile } from "./off_cpu_profile.ts";
import type { OffCpuMeasurement } from "./off_cpu_sampler.ts";
import { offCpuSummary } from "./off_cpu_summary.ts";
import { offCpuTables } from "./off_cpu_tables.ts";

/** What is told of a measurement. */
export interface OffCpuResultOptions {
  /** Most rows of stacks, wakers and threads, 1 or more. */
  readonly limit: number;
  /** The profile goes on to who ended the waits. */
  readonly wakers?: boolean;
  /** Writes a length of time in ns. */
  readonly duration: (ns: number) => string;
}

/** `summary`, `reasons`, `stacks`, `wakers`, `threads`, `durations`, `profile`. */
export function offCpuResults(measured: OffCpuMeasurement, { limit, wakers, duration }: OffCpuResultOptions): Results {
  const { reasons, stacks, wakers: ended, threads, durations } = offCpuTables(measured, limit);
  return {
    summary: offCpuSummary(measured, duration),
    reasons,
    stacks,
    wakers: ended,
    threads,
    durations,
    profile: offCpuProfile(measured, { wakers }),
  };
}
