/** Numbers distinct pairs of integers from 0 in the order in which they come. */
export interface PairIndex {
  readonly size: number;
  /**
   * The number of a pair.
   *
   * @param add whether a new pair gets a number; if not, the answer is -1
   */
  find(a: number, b: number, add: boolean): number;
}

/** Open addressing over one typed array, so that a look touches one line of the cache: no object an entry. */
export function pairIndex(): PairIndex {
  let slots = 256;
  // Per slot: the pair, and its number + 1; 0 is free. The fourth word keeps slots within a line of the cache.
  let table = new Int32Array(slots * 4);
  let size = 0;

  const grow = (): void => {
    const old = table;
    slots *= 2;
    table = new Int32Array(slots * 4);
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 2] === 0) continue;
      let h = hash(old[at], old[at + 1]) & slots - 1;
      while (table[h * 4 + 2] !== 0) h = h + 1 & slots - 1;
      table.set(old.subarray(at, at + 3), h * 4);
    }
  };
  return {
    get size() {
      return size;
    },
    find(a, b, add): number {
      let h = hash(a, b) & slots - 1;
      for (let n = table[h * 4 + 2]; n !== 0; n = table[h * 4 + 2]) {
        if (table[h * 4] === a && table[h * 4 + 1] === b) return n - 1;
        h = h + 1 & slots - 1;
      }
      if (!add) return -1;
      table[h * 4] = a;
      table[h * 4 + 1] = b;
      table[h * 4 + 2] = ++size;
      // Half full at most.
      if (size * 2 > slots) grow();
      return size - 1;
    },
  };
}

function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e37_79b1) + b | 0;
  h = Math.imul(h ^ h >>> 15, 0x85eb_ca6b);
  return h ^ h >>> 13;
}
