/** Lowers the frequency of a sampler while it costs more than it may. */
export interface FrequencyBudget {
  /**
   * To be called now and then.
   *
   * @param nowNs of any clock that runs evenly
   * @param cpuNs CPU time that we have used so far
   * @param samples taken so far
   * @returns the new frequency, or null to leave it
   */
  check(nowNs: number, cpuNs: number, samples: number): number | null;
}

/**
 * Looks at the cost of each second: own CPU time and what the kernel spends on a sample.
 *
 * @param budget most of one CPU, 0–1
 * @param frequencyHz at the start
 * @param nsPerSample what a sample costs in the kernel
 */
export function frequencyBudget(budget: number, frequencyHz: number, nsPerSample: number): FrequencyBudget {
  let hz = frequencyHz;
  const least = Math.min(frequencyHz, LEAST_HZ);
  let since: { now: number; cpu: number; samples: number } | null = null;
  return {
    check(now, cpu, samples) {
      if (since === null) {
        since = { now, cpu, samples };
        return null;
      }
      const elapsed = now - since.now;
      if (elapsed < WINDOW_NS) return null;
      const cost = (cpu - since.cpu + (samples - since.samples) * nsPerSample) / elapsed;
      since = { now, cpu, samples };
      if (cost <= budget || hz <= least) return null;
      // Not all of the cost goes down with the frequency: aim a little below, never below a quarter at once.
      hz = Math.max(least, Math.floor(hz * Math.max(0.25, budget / cost * 0.9)));
      return hz;
    },
  };
}

const WINDOW_NS = 1e9;
/**
 * Below this, samples are too few to tell anything, and the part of a period that a task has behind it when it ends (half
 * of one on average, for each CPU it ran on) is missing; what is left of the cost is not that of samples.
 */
const LEAST_HZ = 19;
