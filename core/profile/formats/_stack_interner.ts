/** Numbers for stacks: 0, 1, … in the order in which they first came. */
export interface StackInterner {
  /**
   * The number of a stack of the first `length` frames with a tag (what else tells stacks apart).
   *
   * @param frames numbers of frames, in the order that `frames()` gives back
   */
  intern(frames: Int32Array, length: number, tag: number): number;
  size(): number;
  frames(id: number): number[];
  tag(id: number): number;
}

/** Keeps distinct stacks as numbers in one array: 4 bytes a frame. */
export function stackInterner(): StackInterner {
  const seed = crypto.getRandomValues(new Int32Array(1))[0];
  let arena = new Int32Array(1 << 12);
  let used = 0;
  let ends = new Float64Array(1 << 8);
  let tags = new Int32Array(1 << 8);
  let hashes = new Int32Array(1 << 8);
  let table = new Uint32Array(1 << 10);
  let count = 0;
  const startOf = (id: number): number => id === 0 ? 0 : ends[id - 1];

  const grow = (): void => {
    const size = ends.length * 2;
    const moreEnds = new Float64Array(size);
    moreEnds.set(ends);
    ends = moreEnds;
    const moreTags = new Int32Array(size);
    moreTags.set(tags);
    tags = moreTags;
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

  return {
    intern: (frames, length, tag) => {
      let h = seed ^ tag;
      for (let i = 0; i < length; i++) {
        h = Math.imul(h ^ frames[i], 0x01000193);
        h ^= h >>> 15;
      }
      h = Math.imul(h, 0x2c1b3c6d);
      h ^= h >>> 13;
      const mask = table.length - 1;
      let slot = h & mask;
      for (let entry = table[slot]; entry !== 0; slot = (slot + 1) & mask, entry = table[slot]) {
        const id = entry - 1;
        if (hashes[id] !== h || tags[id] !== tag) continue;
        const start = startOf(id);
        if (ends[id] - start !== length) continue;
        let i = 0;
        while (i < length && arena[start + i] === frames[i]) i++;
        if (i === length) return id;
      }
      if (used + length > arena.length) {
        const more = new Int32Array(Math.max(arena.length * 2, used + length));
        more.set(arena.subarray(0, used));
        arena = more;
      }
      arena.set(frames.subarray(0, length), used);
      used += length;
      ends[count] = used;
      tags[count] = tag;
      hashes[count] = h;
      table[slot] = ++count;
      if (count === ends.length) grow();
      return count - 1;
    },
    size: () => count,
    frames: (id) => Array.from(arena.subarray(startOf(id), ends[id])),
    tag: (id) => tags[id],
  };
}
