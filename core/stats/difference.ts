import { type Interval, wilson } from "./proportion.ts";

const Z = 1.959963984540054;

/**
 * The interval (95 %) of the difference of two shares, second less first: Newcombe's hybrid of Wilson's intervals
 * (Statistics in Medicine 17, 1998, method 10). It holds for few hits and for none, where the usual one is of width 0.
 */
export function shareDifference(hits0: number, total0: number, hits1: number, total1: number): Interval {
  if (!(total0 > 0) || !(total1 > 0)) return { low: -1, high: 1 };
  const [p0, p1] = [hits0 / total0, hits1 / total1];
  const [w0, w1] = [wilson(hits0, total0), wilson(hits1, total1)];
  return {
    low: p1 - p0 - Math.hypot(p1 - w1.low, w0.high - p0),
    high: p1 - p0 + Math.hypot(w1.high - p1, p0 - w0.low),
  };
}

/**
 * The interval (95 %) of the difference of two counted amounts, second less first, where each of `n` events stands for
 * `weight` of what is compared: counts vary as their square roots. No event at all varies as one does.
 */
export function amountDifference(n0: number, weight0: number, n1: number, weight1: number): Interval {
  const middle = n1 * weight1 - n0 * weight0;
  const half = Z * Math.hypot(Math.sqrt(Math.max(1, n0)) * weight0, Math.sqrt(Math.max(1, n1)) * weight1);
  return { low: middle - half, high: middle + half };
}
