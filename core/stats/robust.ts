import { quantileSorted } from "simple-statistics";
import { robustCenter } from "./robust_center.ts";

/**
 * How many standard deviations `value` lies from the middle of `baseline`.
 *
 * @param floor the least standard deviation assumed: more than half of equal values would make every other one infinitely odd
 * @returns null without a baseline
 */
export function robustZ(value: number, baseline: readonly number[], floor = 1e-9): number | null {
  const center = robustCenter(baseline);
  return center === null ? null : (value - center.median) / Math.max(center.sigma, floor);
}

/** Quartiles and Tukey's fences: values outside are outliers. */
export interface Quartiles {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Quartiles of finite values, interpolated (R type 7); null without any.
 *
 * @param reach how many interquartile ranges the fences lie outside the quartiles
 */
export function quartiles(values: readonly number[], reach = 1.5): Quartiles | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((q) => quantileSorted(sorted, q));
  const range = q3 - q1;
  return { q1, median, q3, low: q1 - reach * range, high: q3 + reach * range };
}

/**
 * The value at or below which the fraction `q` (0–1) of the finite values lies (nearest rank); null without any.
 */
export function percentile(values: readonly number[], q: number): number | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  // 0.07 × 100 is 7.000000000000001 in doubles: take the rounding back before going up.
  const rank = Math.max(1, Math.ceil(q * sorted.length * (1 - 2 ** -50)));
  return sorted[Math.min(sorted.length, rank) - 1];
}
