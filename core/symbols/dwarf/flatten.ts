/** Ranges that nest, cut into pieces that do not overlap: each address belongs to the innermost. */
export interface FlatRanges {
  /** Ascending. A piece ends where the next begins. */
  readonly starts: Float64Array;
  /** Owner of each piece; -1 where there is none. */
  readonly owners: Int32Array;
}

/**
 * Flattens ranges.
 *
 * @param starts first addresses, in any order
 * @param ends first addresses after
 * @param owners numbers from 0; of ranges with the same start the later in this order lies inside the earlier
 */
export function flattenRanges(
  starts: readonly number[],
  ends: readonly number[],
  owners: readonly number[],
): FlatRanges {
  const n = starts.length;
  const order = orderOf(starts);
  const at: number[] = [];
  const who: number[] = [];
  const emit = (address: number, owner: number): void => {
    if (at.length > 0 && at[at.length - 1] === address) {
      who[who.length - 1] = owner;
      return;
    }
    if (who.length > 0 && who[who.length - 1] === owner) return;
    at.push(address);
    who.push(owner);
  };
  const open: number[] = [];
  const closeUntil = (address: number): void => {
    while (open.length > 0 && ends[open[open.length - 1]] <= address) {
      const end = ends[open.pop()!];
      while (open.length > 0 && ends[open[open.length - 1]] <= end) open.pop();
      emit(end, open.length > 0 ? owners[open[open.length - 1]] : -1);
    }
  };
  for (let i = 0; i < n; i++) {
    const range = order[i];
    closeUntil(starts[range]);
    open.push(range);
    emit(starts[range], owners[range]);
  }
  closeUntil(Infinity);
  return { starts: new Float64Array(at), owners: new Int32Array(who) };
}

/** Indexes ascending by value, equal ones in their order. Sorting doubles natively needs no comparator. */
function orderOf(values: readonly number[]): Uint32Array {
  const n = values.length;
  const order = new Uint32Array(n);
  let low = Infinity, high = -Infinity, ascending = true;
  for (let i = 0; i < n; i++) {
    order[i] = i;
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
    if (i > 0 && values[i] < values[i - 1]) ascending = false;
  }
  if (ascending) return order;
  if ((high - low + 1) * n > Number.MAX_SAFE_INTEGER) return order.sort((a, b) => values[a] - values[b] || a - b);
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = (values[i] - low) * n + i;
  keys.sort();
  for (let i = 0; i < n; i++) order[i] = keys[i] % n;
  return order;
}
