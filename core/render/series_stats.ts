import type { SeriesLine } from "../data/mod.ts";

/** What is said about a line of a series besides its shape. */
export interface LineStats {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly last: number;
}

/** Minimum, mean, maximum and last of the values that were measured; NaN when there are none. */
export function lineStats(values: readonly number[]): LineStats {
  let [n, sum, min, max, last] = [0, 0, Infinity, -Infinity, NaN];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    n++;
    sum += v;
    min = Math.min(min, v);
    max = Math.max(max, v);
    last = v;
  }
  return n === 0 ? { min: NaN, mean: NaN, max: NaN, last } : { min, mean: sum / n, max, last };
}

/** From when to when there are points, in nanoseconds since the series' start. */
export function seriesSpan(lines: readonly SeriesLine[]): { readonly fromNs: number; readonly toNs: number } {
  let [fromNs, toNs] = [Infinity, -Infinity];
  for (const { tNs } of lines) {
    for (const t of tNs) {
      if (t < fromNs) fromNs = t;
      if (t > toNs) toNs = t;
    }
  }
  return fromNs <= toNs ? { fromNs, toNs } : { fromNs: 0, toNs: 0 };
}
