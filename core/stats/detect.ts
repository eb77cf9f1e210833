import { cusum, CUSUM_START } from "./cusum.ts";
import { ema, EMA_START } from "./ema.ts";
import { finiteValues, robustCenter } from "./robust_center.ts";

/**
 * How what is to be expected is found.
 *
 * - `mad`: the median of all values; spread by their median absolute deviation. For outliers of a steady series.
 * - `ema`: the exponential moving average and variance of the values before (weight 0.1). For sudden changes of a series
 *   that drifts; a lasting change becomes the new normal.
 * - `cusum`: the median of the first values (a fifth of them, at least 8), against which deviations add up. For small
 *   changes that last.
 */
export type DetectMethod = "mad" | "ema" | "cusum";

/** From which score on a value is an anomaly, when nothing else is said. */
export const DETECT_THRESHOLD: Readonly<Record<DetectMethod, number>> = { mad: 3.5, ema: 3, cusum: 5 };

/** Values that `ema` takes in before it scores one: with fewer, mean and variance say little. */
export const EMA_WARM_UP = 8;
/** Weight of a new value in `ema`, once there are so many that their plain mean would give it less. */
const EMA_WEIGHT = 0.1;

/** What was found, value by value. */
export interface Detected {
  /** What the value was expected to be; NaN where there is no value or nothing could be expected. */
  readonly expected: Float64Array;
  /**
   * Standard deviations between the value and what was expected, negative below it; of `cusum` the larger of both sums,
   * negative when it is the one downwards. NaN where `expected` is.
   */
  readonly score: Float64Array;
  /** 1 where the score is beyond the threshold, upwards or downwards. */
  readonly anomaly: Uint8Array;
}

/**
 * Scores each value of a series. What is not finite has no score and changes nothing.
 *
 * The least standard deviation assumed is 1e-9 of the median magnitude (of the greatest, where that is 0): the last digits of a sum of doubles are no
 * anomaly. Where most values are equal, so that their median absolute deviation is below that, the mean absolute
 * deviation takes its place (Iglewicz and Hoaglin, "How to detect and handle outliers", 1993): one odd value among equal
 * ones is an anomaly, a third of them is not.
 *
 * @param threshold in standard deviations, above 0
 */
export function detectAnomalies(values: Float64Array, method: DetectMethod, threshold: number): Detected {
  const detected: Detected = {
    expected: new Float64Array(values.length).fill(NaN),
    score: new Float64Array(values.length).fill(NaN),
    anomaly: new Uint8Array(values.length),
  };
  const finite = finiteValues(values);
  if (finite.length === 0) return detected;
  const magnitudes = finite.map((v) => Math.abs(v));
  // Where most values are 0, the others tell how great a value is.
  const magnitude = robustCenter(magnitudes)!.median || magnitudes.reduce((most, m) => Math.max(most, m));
  const floor = Math.max(1e-9 * magnitude, Number.MIN_VALUE);
  const score = scorer(method, finite, floor, threshold);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    const { expected, score: s } = score(values[i]);
    detected.expected[i] = expected;
    detected.score[i] = s;
    detected.anomaly[i] = Math.abs(s) > threshold ? 1 : 0;
  }
  return detected;
}

/** Scores the next value. */
type Scorer = (value: number) => { readonly expected: number; readonly score: number };

function scorer(method: DetectMethod, values: Float64Array, floor: number, threshold: number): Scorer {
  switch (method) {
    case "mad": {
      const { middle, sigma } = center(values, floor);
      return (v) => ({ expected: middle, score: (v - middle) / sigma });
    }
    case "ema":
      return movingAverage(floor);
    case "cusum":
      return sums(center(values.slice(0, Math.max(8, Math.ceil(values.length / 5))), floor), threshold);
  }
}

interface Center {
  readonly middle: number;
  readonly sigma: number;
}

/** @param values at least one */
function center(values: Float64Array, floor: number): Center {
  const { median, sigma } = robustCenter(values)!;
  if (sigma > floor) return { middle: median, sigma };
  const mean = values.reduce((sum, v) => sum + Math.abs(v - median), 0) / values.length;
  return { middle: median, sigma: Math.max(MEAN_TO_SIGMA * mean, floor) };
}

/** Scales the mean absolute deviation to the standard deviation of a normal distribution: √(π / 2). */
const MEAN_TO_SIGMA = Math.sqrt(Math.PI / 2);

/**
 * The plain mean of the values before at first, then their exponential average. The spread allows for how little a few
 * values tell: of weights whose squares add up to q, the variance is too small by 1 − q, and the mean off by q of it.
 */
function movingAverage(floor: number): Scorer {
  let state = EMA_START;
  let squares = 1;
  return (v) => {
    const known = state.count >= EMA_WARM_UP;
    const { mean, variance } = state;
    const sigma = Math.max(Math.sqrt(variance * (1 + squares) / (1 - squares)), floor);
    const weight = Math.max(EMA_WEIGHT, 1 / (state.count + 1));
    state = ema(state, v, weight);
    squares = (1 - weight) ** 2 * squares + weight ** 2;
    return known ? { expected: mean, score: (v - mean) / sigma } : { expected: NaN, score: NaN };
  };
}

/** Both sums start again after an alarm: one great outlier is one anomaly, a change that lasts is told every few values. */
function sums({ middle, sigma }: Center, threshold: number): Scorer {
  let state = CUSUM_START;
  return (v) => {
    state = cusum(state, v, { target: middle, sigma });
    const score = state.up >= state.down ? state.up : -state.down;
    if (Math.abs(score) > threshold) state = CUSUM_START;
    return { expected: middle, score };
  };
}
