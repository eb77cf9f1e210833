/**
 * The buckets that quantiles and histograms count in, here and in the kernel: the exponent and the top six mantissa
 * bits of the value. The index of a positive value is the top 17 bits of its IEEE double without the sign,
 *
 *     index = ((e + 1023) << 6) | m,   e = floor(log2 v),   m = the six bits that follow the leading one
 *
 * that of a negative value is the negated index of its magnitude, that of zero is 0. Indexes ascend with the values.
 * A bucket is at most 1/64 of its values wide: its middle is at most 0.8 % from any of them. Up to 128, every integer
 * has a bucket of its own.
 */
export const MANTISSA_BITS = 6;

const f64 = new Float64Array(1);
// Both architectures we run on are little-endian: word 1 is the high one.
const u32 = new Uint32Array(f64.buffer);
const SHIFT = 20 - MANTISSA_BITS;

/**
 * The index of the bucket that holds a value. Integers beyond 2^53 must come as bigint; 64 bits at most.
 *
 * @param value anything but NaN
 */
export function bucketOf(value: number | bigint): number {
  if (typeof value === "bigint") return value < 0n ? -bigBucket(-value) : bigBucket(value);
  f64[0] = value;
  const index = (u32[1] & 0x7fff_ffff) >>> SHIFT;
  return value < 0 && index > 0 ? -index : index;
}

function bigBucket(value: bigint): number {
  // Not by way of a double: rounding up could reach the next bucket.
  if (value <= 0xf_ffff_ffff_ffffn) return bucketOf(Number(value));
  const e = value.toString(2).length - 1;
  const m = Number((value >> BigInt(e - MANTISSA_BITS)) & 63n);
  return ((e + 1023) << MANTISSA_BITS) | m;
}

/** The values of a bucket: [min, max), for negative ones (min, max]. Zero's holds what is nearer to 0 than 2^-1028. */
export function bucketBounds(index: number): { readonly min: number; readonly max: number } {
  if (index < 0) return { min: -edge(1 - index), max: -edge(-index) };
  return { min: edge(index), max: edge(index + 1) };
}

function edge(index: number): number {
  if (index >= 0x7ff << MANTISSA_BITS) return Infinity;
  u32[0] = 0;
  u32[1] = index << SHIFT;
  return f64[0];
}

/**
 * The value that stands for all of a bucket. Of integers it is one of the bucket's integers, the lower of the middle
 * two; beyond 2^53 it comes as bigint.
 */
export function bucketMiddle(index: number, integer: boolean): number | bigint {
  if (index < 0) {
    const m = bucketMiddle(-index, integer);
    return typeof m === "bigint" ? -m : -m;
  }
  if (index === 0) return 0;
  const { min, max } = bucketBounds(index);
  if (!integer) return max === Infinity ? min : min + (max - min) / 2;
  if (max > Number.MAX_SAFE_INTEGER) return BigInt(min) + (BigInt(max) - BigInt(min)) / 2n - 1n;
  const low = Math.ceil(min), high = Math.ceil(max) - 1;
  return Math.floor((low + high) / 2);
}

/**
 * The value below or at which the fraction `q` of all counted values lies (nearest rank).
 *
 * @param buckets index and count, ascending by index
 * @param q 0–1
 * @returns null when nothing was counted
 */
export function quantileOf(
  buckets: Iterable<readonly [index: number, count: number]>,
  total: number,
  q: number,
  integer: boolean,
): number | bigint | null {
  if (total <= 0) return null;
  const rank = quantileRank(total, q);
  let seen = 0;
  let found: number | null = null;
  for (const [index, count] of buckets) {
    seen += count;
    found = index;
    if (seen >= rank) break;
  }
  return found === null ? null : bucketMiddle(found, integer);
}

/**
 * Which of `total` values in their order is the quantile `q`, counted from 1 (nearest rank).
 *
 * @param q 0–1
 */
export function quantileRank(total: number, q: number): number {
  // 0.07 × 100 is 7.000000000000001 in doubles: take the rounding back before going up.
  return Math.max(1, Math.ceil(q * total * (1 - 2 ** -50)));
}
