/** Exponential moving average and variance of a series. */
export interface Ema {
  /** NaN before the first value. */
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

/** Before the first value. */
export const EMA_START: Ema = { mean: NaN, variance: 0, count: 0 };

/**
 * Takes in a value (West, "Updating mean and variance estimates", 1979). What is not finite changes nothing.
 *
 * @param alpha weight of the new value, 0–1
 */
export function ema(state: Ema, value: number, alpha = 0.1): Ema {
  if (!Number.isFinite(value)) return state;
  if (state.count === 0) return { mean: value, variance: 0, count: 1 };
  const d = value - state.mean;
  return {
    mean: state.mean + alpha * d,
    variance: (1 - alpha) * (state.variance + alpha * d * d),
    count: state.count + 1,
  };
}
