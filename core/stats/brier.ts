/** A prediction with its probability, and whether it came true. */
export interface Forecast {
  /** 0–1. */
  readonly probability: number;
  readonly right: boolean;
}

/**
 * The mean squared distance between what was claimed and what was so: 0 is perfect, 0.25 is what always saying 50 %
 * gets, 1 is always surely wrong. NaN without forecasts.
 */
export function brierScore(forecasts: readonly Forecast[]): number {
  const sum = forecasts.reduce((s, f) => s + (f.probability - (f.right ? 1 : 0)) ** 2, 0);
  return sum / forecasts.length;
}
