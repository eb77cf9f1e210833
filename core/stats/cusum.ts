/** Two one-sided cumulative sums: how far a series has moved up and down from its target, in standard deviations. */
export interface Cusum {
  readonly up: number;
  readonly down: number;
}

/** Before the first value, and after an alarm. */
export const CUSUM_START: Cusum = { up: 0, down: 0 };

/** Page's tabular CUSUM. With slack 0.5 and threshold 5 it finds a shift of one standard deviation in about ten values. */
export interface CusumOptions {
  readonly target: number;
  /** Standard deviation of the series; above 0. */
  readonly sigma: number;
  /** Deviation that is let pass, in standard deviations. */
  readonly slack?: number;
}

/** Takes in a value. Compare `up` and `down` with the threshold (5). */
export function cusum(state: Cusum, value: number, { target, sigma, slack = 0.5 }: CusumOptions): Cusum {
  const z = (value - target) / sigma;
  if (!Number.isFinite(z)) return state;
  return { up: Math.max(0, state.up + z - slack), down: Math.max(0, state.down - z - slack) };
}
