/** Numbers for byte strings: 0, 1, … in the order in which they first came. */
export interface ByteInterner {
  /** The number of `bytes[from]` up to `bytes[to - 1]`; `size()` before the call when they are new. */
  intern(bytes: Uint8Array, from: number, to: number): number;
  size(): number;
  /** Bytes held. */
  bytes(): number;
  /** Forgets all: numbers begin at 0 again. */
  clear(): void;
}

/**
 * Interns without making a string: text formats repeat the same names by the million. The hash starts at a random
 * number, for file contents are chosen by others.
 */
export function byteInterner(): ByteInterner {
  const seed = crypto.getRandomValues(new Int32Array(1))[0];
  let arena = new Uint8Array(1 << 14);
  let used = 0;
  /** Where each one ends; it starts where the one before ends. */
  let ends = new Uint32Array(1 << 8);
  let hashes = new Int32Array(1 << 8);
  /** Numbers + 1 at the place that their hash tells, or the next free one; 0 is free. */
  let table = new Uint32Array(1 << 10);
  let count = 0;

  const grow = (): void => {
    const size = ends.length * 2;
    const moreEnds = new Uint32Array(size);
    moreEnds.set(ends);
    ends = moreEnds;
    const moreHashes = new Int32Array(size);
    moreHashes.set(hashes);
    hashes = moreHashes;
    table = new Uint32Array(table.length * 2);
    const mask = table.length - 1;
    for (let id = 0; id < count; id++) {
      let slot = hashes[id] & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = id + 1;
    }
  };
  const add = (bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number => {
    const length = to - from;
    if (used + length > arena.length) {
      const more = new Uint8Array(Math.max(arena.length * 2, used + length));
      more.set(arena.subarray(0, used));
      arena = more;
    }
    arena.set(bytes.subarray(from, to), used);
    used += length;
    ends[count] = used;
    hashes[count] = hash;
    table[slot] = ++count;
    if (count === ends.length) grow();
    return count - 1;
  };

  return {
    intern: (bytes, from, to) => {
      let h = seed;
      let at = from;
      // Four bytes a step: the multiplications wait for each other.
      for (; at + 4 <= to; at += 4) {
        h = Math.imul(h ^ (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24), 0x85ebca6b);
        h ^= h >>> 15;
      }
      for (; at < to; at++) h = Math.imul(h ^ bytes[at], 16777619);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
      h ^= h >>> 13;
      const mask = table.length - 1;
      const length = to - from;
      const held = arena;
      let slot = h & mask;
      for (let entry = table[slot]; entry !== 0; slot = (slot + 1) & mask, entry = table[slot]) {
        const id = entry - 1;
        if (hashes[id] !== h) continue;
        const start = id === 0 ? 0 : ends[id - 1];
        if (ends[id] - start !== length) continue;
        let a = start;
        let b = from;
        for (; b + 4 <= to; a += 4, b += 4) {
          if (
            (held[a] ^ bytes[b] | held[a + 1] ^ bytes[b + 1] | held[a + 2] ^ bytes[b + 2] |
              held[a + 3] ^ bytes[b + 3]) !==
              0
          ) break;
        }
        while (b < to && held[a] === bytes[b]) {
          a++;
          b++;
        }
        if (b === to) return id;
      }
      return add(bytes, from, to, h, slot);
    },
    size: () => count,
    bytes: () => used,
    clear: () => {
      table.fill(0);
      count = used = 0;
    },
  };
}
