import type { SondeApi } from "../../core/plugin_api/mod.ts";

/** What was measured between two looks. */
export interface Window<T> {
  readonly before: T;
  readonly after: T;
  /** Length in seconds, never 0. */
  readonly seconds: number;
  readonly durationNs: number;
  /** Own CPU time, ns. */
  readonly cpuNs: number;
}

/**
 * Takes a look, waits, takes another.
 *
 * @param look reads the counters
 * @param durationNs length of the window; the signal can end it early
 * @param every called about every `everyMs` milliseconds in between; answers how long it wants to rest
 */
export async function measure<T>(
  sonde: SondeApi,
  look: () => T,
  durationNs: number,
  signal: AbortSignal,
  every?: () => void,
  everyMs = 100,
): Promise<Window<T>> {
  const cpu0 = sonde.ownCpuNs();
  const start = sonde.nowNs();
  const before = look();
  const end = start + durationNs;
  let rest = everyMs;
  while (!signal.aborted) {
    const left = (end - sonde.nowNs()) / 1e6;
    if (left <= 0) break;
    await sonde.sleep(every ? Math.min(rest, left) : left, signal);
    if (every) {
      const t = sonde.nowNs();
      every();
      // Looking must stay cheap: at most 2 % of one CPU, however many processes there are.
      rest = Math.max(everyMs, (sonde.nowNs() - t) / 1e6 * 50);
    }
  }
  const lookStart = sonde.nowNs();
  const after = look();
  const durationNsMeasured = Math.max(1, lookStart - start);
  return {
    before,
    after,
    seconds: durationNsMeasured / 1e9,
    durationNs: durationNsMeasured,
    cpuNs: sonde.ownCpuNs() - cpu0,
  };
}

/** The Quality of a window. */
export function windowQuality(
  sonde: SondeApi,
  w: Window<unknown>,
  events: number,
  notes: readonly string[] = [],
): ReturnType<SondeApi["data"]["quality"]> {
  return sonde.data.quality({
    events,
    duration_ns: w.durationNs,
    cost: { cpu_ns: w.cpuNs, probe_ns: 0, ratio: w.cpuNs / w.durationNs, estimated: false },
    notes,
  });
}

/**
 * Difference of two cumulative counters. One that went backwards came round at `wrap`; without one it says nothing (a sum
 * over threads of which some ended, a time that a migration set back): then it is 0.
 */
export function delta(before: number | null | undefined, after: number | null | undefined, wrap = 0): number {
  return deltaOrNull(before, after, wrap) ?? 0;
}

/** The same; null where one side was not measured. */
export function deltaOrNull(
  before: number | null | undefined,
  after: number | null | undefined,
  wrap = 0,
): number | null {
  if (after === null || after === undefined || before === null || before === undefined) return null;
  return Math.max(0, after >= before ? after - before : wrap > 0 ? after + wrap - before : 0);
}
