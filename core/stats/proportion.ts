import { probit } from "simple-statistics";

/** An interval that holds the true value with the confidence asked for. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's interval of a proportion: where the true share of a function lies when `hits` of `total` samples hit it.
 *
 * @param confidence 0–1
 */
export function wilson(hits: number, total: number, confidence = 0.95): Interval {
  if (!(total > 0)) return { low: 0, high: 1 };
  const z = confidence === 0.95 ? 1.959963984540054 : probit((1 + confidence) / 2);
  const p = hits / total, zz = z * z;
  const middle = (p + zz / (2 * total)) / (1 + zz / total);
  const half = z / (1 + zz / total) * Math.sqrt(p * (1 - p) / total + zz / (4 * total * total));
  return {
    low: hits <= 0 ? 0 : Math.max(0, middle - half),
    high: hits >= total ? 1 : Math.min(1, middle + half),
  };
}

/**
 * The relative error (95 %) of a count that was scaled up from a sample: each of the real events was seen with the
 * probability `fraction`.
 *
 * @param seen events in the sample
 * @param fraction 0–1
 * @returns 0 when all were taken, Infinity when none was seen
 */
export function samplingError(seen: number, fraction: number): number {
  if (fraction >= 1) return 0;
  return seen > 0 ? 1.959963984540054 * Math.sqrt((1 - fraction) / seen) : Infinity;
}
