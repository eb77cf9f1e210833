/** Modulus of counters that the kernel keeps or prints as 32 bits. */
export const WRAP_32 = 2 ** 32;

/** Modulus of the times in `/proc/diskstats`: 32 bits of milliseconds (49.7 days), here in nanoseconds. */
export const WRAP_DISK_TIME_NS = 2 ** 32 * 1e6;

/**
 * Increase of a counter between two readings, never negative.
 *
 * A 64-bit counter that went down was reset or corrected (`iowait` does that): the answer is 0. With `wrap`, a counter
 * that went down is taken to have passed its modulus when that explains it by less than half of the range.
 *
 * @param wrap value at which the counter starts again at 0; 0 when it is too large to be met
 *
 * @example
 * ```ts
 * import { delta, WRAP_32 } from "./delta.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(delta(10, 15), 5);
 * assert.equal(delta(15, 10), 0);
 * assert.equal(delta(2 ** 32 - 1, 4, WRAP_32), 5);
 * ```
 */
export function delta(previous: number, next: number, wrap = 0): number {
  if (next >= previous) return next - previous;
  const wrapped = next + wrap - previous;
  return previous < wrap && wrapped < wrap / 2 ? wrapped : 0;
}
