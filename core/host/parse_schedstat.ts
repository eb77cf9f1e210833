/** What is used of one CPU's line in `/proc/schedstat` (Documentation/scheduler/sched-stats.rst). */
export interface SchedCpuStat {
  readonly cpu: number;
  /** Time tasks ran on this CPU, ns. */
  readonly runNs: number;
  /** Time tasks waited on this CPU's run queue, ns; summed over tasks, so it may grow faster than the clock. */
  readonly waitNs: number;
  /** Time slices run. */
  readonly slices: number;
}

/** Parses `/proc/schedstat`: the last three columns of each `cpuN` line, unchanged since version 15 (Linux 2.6.30). */
export function parseSchedstat(text: string): SchedCpuStat[] {
  const cpus: SchedCpuStat[] = [];
  for (const m of text.matchAll(/^cpu(\d+) (.*)$/gm)) {
    const values = m[2].trim().split(/\s+/).map(Number);
    if (values.length < 9) continue;
    const [runNs, waitNs, slices] = values.slice(6, 9);
    cpus.push({ cpu: Number(m[1]), runNs, waitNs, slices });
  }
  return cpus;
}
