/** What read(2) answers of a counter with both times (perf_event_open(2), "Reading results"). */
export interface CounterReading {
  /** Events counted. */
  readonly value: bigint;
  /** Nanoseconds that the event was switched on while its task ran. */
  readonly enabledNs: bigint;
  /** Nanoseconds of these that it had a counter of the hardware. */
  readonly runningNs: bigint;
}

/** Readings of one event on several threads or CPUs, added up. */
export function sumReadings(readings: readonly CounterReading[]): CounterReading {
  let value = 0n;
  let enabledNs = 0n;
  let runningNs = 0n;
  for (const r of readings) {
    value += r.value;
    enabledNs += r.enabledNs;
    runningNs += r.runningNs;
  }
  return { value, enabledNs, runningNs };
}

/** What was counted between two readings of the same counter. */
export function readingSince(before: CounterReading, now: CounterReading): CounterReading {
  return {
    value: now.value - before.value,
    enabledNs: now.enabledNs - before.enabledNs,
    runningNs: now.runningNs - before.runningNs,
  };
}

/**
 * The count for the whole time, where the event had to share a counter of the hardware with others: what was counted,
 * times enabled, by running, rounded to the nearest.
 *
 * @returns null when it never had one, so that nothing is known
 */
export function scaledCount({ value, enabledNs, runningNs }: CounterReading): bigint | null {
  if (runningNs === enabledNs && runningNs > 0n) return value;
  if (runningNs <= 0n) return null;
  return (value * enabledNs + runningNs / 2n) / runningNs;
}

/**
 * Part of its time that an event had a counter, 0–1; 1 when it was not enabled at all (its task never ran). */
export function runningRatio({ enabledNs, runningNs }: CounterReading): number {
  return enabledNs > 0n ? Number(runningNs) / Number(enabledNs) : 1;
}
