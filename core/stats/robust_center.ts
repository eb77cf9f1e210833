/** Scales the median absolute deviation to the standard deviation of a normal distribution: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.482602218505602;

/** Where values lie and how far they spread, both unmoved by outliers. */
export interface RobustCenter {
  readonly median: number;
  /** Median absolute deviation × 1.4826: the standard deviation, if most values are normal. */
  readonly sigma: number;
}

/** Median and spread of finite values; null without any. */
export function robustCenter(values: ArrayLike<number>): RobustCenter | null {
  const finite = finiteValues(values);
  if (finite.length === 0) return null;
  const median = medianOf(finite);
  for (let i = 0; i < finite.length; i++) finite[i] = Math.abs(finite[i] - median);
  return { median, sigma: MAD_TO_SIGMA * medianOf(finite) };
}

/** The values that are neither NaN nor infinite, copied in their order. */
export function finiteValues(values: ArrayLike<number>): Float64Array {
  const finite = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) finite[n++] = values[i];
  return finite.subarray(0, n);
}

/** The middle value, or the mean of the middle two. Sorts the values, as a typed array is fastest. */
function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
