/** Finds the interval that holds an address. */
export interface AddressIndex {
  /** The last of the starts that is at most the address; -1 when all are above. */
  find(address: number): number;
}

/**
 * Makes ascending starts quick to search in any order. The span is cut into about as many equal buckets as there are
 * starts, each of which knows where its starts begin: that leaves a step or two, where a binary search over a large
 * array misses the processor's cache and its branch prediction at every step.
 *
 * @param starts ascending; the first `n` count, and must not change
 */
export function addressIndex(starts: Float64Array, n: number = starts.length): AddressIndex {
  if (n === 0) return NONE;
  const low = starts[0];
  const high = starts[n - 1];
  // Buckets are a power of two wide, so that which one an address is in comes out exactly.
  let scale = 1;
  while ((high - low) * scale > n * BUCKETS_PER_START) scale /= 2;
  const buckets = Math.floor((high - low) * scale) + 1;
  // For each bucket the number of starts before it.
  const before = new Uint32Array(buckets + 1);
  for (let i = 0, bucket = 0; bucket <= buckets; bucket++) {
    while (i < n && (starts[i] - low) * scale < bucket) i++;
    before[bucket] = i;
  }
  return {
    find: (address) => {
      if (!(address >= low)) return -1;
      if (address >= high) return n - 1;
      const bucket = Math.floor((address - low) * scale);
      let from = before[bucket];
      let to = before[bucket + 1];
      while (to - from > SHORT) {
        const middle = (from + to) >>> 1;
        if (starts[middle] <= address) from = middle + 1;
        else to = middle;
      }
      while (from < to && starts[from] <= address) from++;
      return from - 1;
    },
  };
}

const NONE: AddressIndex = { find: () => -1 };
const BUCKETS_PER_START = 2;
const SHORT = 4;
