/** At least `n` elements, the old ones kept, the others `fill`. */
export function growFloats(array: Float64Array, n: number, fill = 0): Float64Array {
  if (array.length >= n) return array;
  const out = new Float64Array(Math.max(n, array.length * 2, 16));
  out.set(array);
  if (fill !== 0) out.fill(fill, array.length);
  return out;
}

/** At least `n` elements, the old ones kept, the others 0. */
export function growInts(array: Int32Array, n: number): Int32Array {
  if (array.length >= n) return array;
  const out = new Int32Array(Math.max(n, array.length * 2, 16));
  out.set(array);
  return out;
}
