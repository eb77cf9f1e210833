/** Counts keyed by two 32-bit integers. Open addressing over typed arrays: no object an entry. */
export interface PairCounts {
  add(a: number, b: number, count: number): void;
  readonly size: number;
  forEach(f: (a: number, b: number, count: number) => void): void;
}

export function pairCounts(): PairCounts {
  let capacity = 256;
  let as = new Int32Array(capacity), bs = new Int32Array(capacity), counts = new Float64Array(capacity);
  let size = 0;

  /** The slot of a key, or the free one where it belongs. A free slot has count 0. */
  const slot = (a: number, b: number): number => {
    let h = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b);
    h = (h ^ (h >>> 15)) & (capacity - 1);
    while (counts[h] !== 0 && (as[h] !== a || bs[h] !== b)) h = (h + 1) & (capacity - 1);
    return h;
  };
  const put = (a: number, b: number, count: number): void => {
    const i = slot(a, b);
    if (counts[i] === 0) {
      as[i] = a;
      bs[i] = b;
      size++;
    }
    counts[i] += count;
  };
  const double = (): void => {
    const [oldA, oldB, oldCounts] = [as, bs, counts];
    capacity *= 2;
    as = new Int32Array(capacity);
    bs = new Int32Array(capacity);
    counts = new Float64Array(capacity);
    size = 0;
    for (let i = 0; i < oldCounts.length; i++) if (oldCounts[i] !== 0) put(oldA[i], oldB[i], oldCounts[i]);
  };
  return {
    get size() {
      return size;
    },
    add(a, b, count): void {
      if (size * 2 >= capacity) double();
      put(a, b, count);
    },
    forEach(f): void {
      for (let i = 0; i < capacity; i++) if (counts[i] !== 0) f(as[i], bs[i], counts[i]);
    },
  };
}
