/** Numbers distinct runs of bytes from 0 in the order in which they come, without an object for each look. */
export interface ByteIndex {
  /** How many distinct runs there are. */
  readonly size: number;
  /**
   * The number of `bytes[from, to)`.
   *
   * @param add whether a new run gets a number; if not, the answer is -1
   */
  find(bytes: Uint8Array, from: number, to: number, add: boolean): number;
}

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;

/** An open-addressed table of numbers, with the bytes themselves behind one another in a store. */
export function byteIndex(): ByteIndex {
  let slots = 256;
  let table = new Int32Array(slots).fill(-1);
  // By number: hash, where the bytes lie, how many.
  let hashes = new Uint32Array(128);
  let starts = new Uint32Array(128);
  let lengths = new Uint32Array(128);
  let store = new Uint8Array(4096);
  let stored = 0;
  let size = 0;

  const wider = (a: Uint32Array): Uint32Array<ArrayBuffer> => {
    const more = new Uint32Array(a.length * 2);
    more.set(a);
    return more;
  };
  const grow = (): void => {
    slots *= 2;
    table = new Int32Array(slots).fill(-1);
    for (let number = 0; number < size; number++) {
      let at = hashes[number] & slots - 1;
      while (table[at] >= 0) at = at + 1 & slots - 1;
      table[at] = number;
    }
    hashes = wider(hashes);
    starts = wider(starts);
    lengths = wider(lengths);
  };
  const equal = (start: number, bytes: Uint8Array, from: number, n: number): boolean => {
    for (let i = 0; i < n; i++) if (store[start + i] !== bytes[from + i]) return false;
    return true;
  };

  return {
    get size() {
      return size;
    },
    find(bytes, from, to, add): number {
      const n = to - from;
      let hash = FNV_OFFSET;
      for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
      hash >>>= 0;
      let at = hash & slots - 1;
      for (let number = table[at]; number >= 0; number = table[at]) {
        if (hashes[number] === hash && lengths[number] === n && equal(starts[number], bytes, from, n)) return number;
        at = at + 1 & slots - 1;
      }
      if (!add) return -1;
      if (stored + n > store.length) {
        const more = new Uint8Array(Math.max(store.length * 2, stored + n));
        more.set(store.subarray(0, stored));
        store = more;
      }
      store.set(bytes.subarray(from, to), stored);
      hashes[size] = hash;
      starts[size] = stored;
      lengths[size] = n;
      stored += n;
      table[at] = size++;
      // Half full: the arrays by number have as many places as that.
      if (size * 2 >= slots) grow();
      return size - 1;
    },
  };
}
