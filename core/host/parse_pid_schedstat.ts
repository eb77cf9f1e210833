import type { ProcessSched } from "./types.ts";

/** Parses `/proc/PID/schedstat` (Documentation/scheduler/sched-stats.rst); null when it is not of that form. */
export function parsePidSchedstat(text: string): ProcessSched | null {
  const m = /^(\d+) (\d+) (\d+)/.exec(text);
  return m === null ? null : { runNs: Number(m[1]), waitNs: Number(m[2]), slices: Number(m[3]) };
}
