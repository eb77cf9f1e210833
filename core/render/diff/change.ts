import { amountDifference, type Interval, shareDifference } from "../../stats/mod.ts";
import type { Comparison } from "./comparison.ts";

/** How a value changed. */
export interface Change {
  /** As compared: a share of all or of one CPU (1 is all of it), an amount a second, or an amount. */
  readonly before: number;
  readonly after: number;
  /** `after` less `before`. */
  readonly delta: number;
  /** Change of the share of all, −1 to 1; by shares the same as `delta`. */
  readonly shareDelta: number;
  /** What holds the true `delta` with 95 % confidence, were samples independent; null when samples are not known. */
  readonly interval: Interval | null;
  /** Whether the change could be chance: the interval holds 0. Without one: whether there is no change. */
  readonly noise: boolean;
}

/** Compares one value of two profiles, as counted. */
export function changeOf(before: number, after: number, c: Comparison): Change {
  const [b, a] = [before * c.scale[0], after * c.scale[1]];
  const shares = [before / (c.total[0] || 1), after / (c.total[1] || 1)];
  const interval = intervalOf(shares, c);
  return {
    before: b,
    after: a,
    delta: a - b,
    shareDelta: shares[1] - shares[0],
    interval,
    noise: interval ? interval.low <= 0 && interval.high >= 0 : a === b,
  };
}

function intervalOf(shares: readonly number[], { by, events, total, scale }: Comparison): Interval | null {
  if (events === null || !(total[0] > 0) || !(total[1] > 0)) return null;
  const [n0, n1] = shares.map((p, s) => p * events[s]);
  if (by === "share") return shareDifference(n0, events[0], n1, events[1]);
  return amountDifference(n0, total[0] / events[0] * scale[0], n1, total[1] / events[1] * scale[1]);
}
