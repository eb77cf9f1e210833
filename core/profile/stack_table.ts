/**
 * Distinct call chains with what was counted on each. Chains are kept as the kernel writes them: 64-bit entries, leaf
 * first, context markers among them.
 */
export interface StackTable {
  /** Number of distinct chains. */
  readonly size: number;
  /**
   * Counts one sample, or several alike.
   *
   * @param words holds the chain; copied
   * @param at first word of the chain
   * @param length words, two an entry
   * @param space which address space the chain belongs to
   * @param label who ran
   * @param weight added to the chain's weight
   * @param count samples that this stands for; 1 when absent
   * @returns the chain's number, as {@linkcode StackTable.each} counts them from 0; -1 when the table is full: the sample is
   *   not counted
   */
  add(
    words: Uint32Array,
    at: number,
    length: number,
    space: number,
    label: number,
    weight: number,
    count?: number,
  ): number;
  /** Visits every chain, in the order of their numbers. `words` is valid during the call only. */
  each(visit: (entry: StackEntry) => void): void;
}

/** A distinct chain. */
export interface StackEntry {
  readonly words: Uint32Array;
  readonly space: number;
  readonly label: number;
  readonly count: number;
  readonly weight: number;
}

/**
 * An open-addressed hash table over one growing block of words: no object per sample or chain.
 *
 * @param maxWords most words of all chains together, so that a storm of distinct stacks cannot eat the memory
 */
export function createStackTable(maxWords = 64 << 20): StackTable {
  let slots = new Int32Array(1 << 12);
  let mask = slots.length - 1;
  let arena = new Uint32Array(1 << 16);
  let used = 0;
  let size = 0;
  let entries = columns(1 << 10);

  const growEntries = (): void => {
    const larger = columns(entries.hash.length * 2);
    for (const key of KEYS) larger[key].set(entries[key] as never);
    entries = larger;
  };
  const growSlots = (): void => {
    slots = new Int32Array(slots.length * 2);
    mask = slots.length - 1;
    for (let i = 0; i < size; i++) {
      let slot = entries.hash[i] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
  };

  return {
    get size() {
      return size;
    },
    add: (words, at, length, space, label, weight, count = 1) => {
      let hash = Math.imul(space ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(label + 1, 0xc2b2ae35);
      const end = at + length;
      for (let i = at; i < end; i++) hash = Math.imul(hash ^ words[i], 0x01000193) ^ (hash >>> 15);
      let slot = hash & mask;
      for (;;) {
        const entry = slots[slot] - 1;
        if (entry < 0) break;
        if (
          entries.hash[entry] === hash && entries.length[entry] === length && entries.space[entry] === space &&
          entries.label[entry] === label && same(arena, entries.start[entry], words, at, length)
        ) {
          entries.count[entry] += count;
          entries.weight[entry] += weight;
          return entry;
        }
        slot = (slot + 1) & mask;
      }
      if (used + length > maxWords) return -1;
      if (used + length > arena.length) {
        const larger = new Uint32Array(Math.max(arena.length * 2, used + length));
        larger.set(arena.subarray(0, used));
        arena = larger;
      }
      if (size === entries.hash.length) growEntries();
      for (let i = 0; i < length; i++) arena[used + i] = words[at + i];
      entries.hash[size] = hash;
      entries.start[size] = used;
      entries.length[size] = length;
      entries.space[size] = space;
      entries.label[size] = label;
      entries.count[size] = count;
      entries.weight[size] = weight;
      used += length;
      slots[slot] = ++size;
      if (size * 2 > slots.length) growSlots();
      return size - 1;
    },
    each: (visit) => {
      for (let i = 0; i < size; i++) {
        visit({
          words: arena.subarray(entries.start[i], entries.start[i] + entries.length[i]),
          space: entries.space[i],
          label: entries.label[i],
          count: entries.count[i],
          weight: entries.weight[i],
        });
      }
    },
  };
}

function same(a: Uint32Array, at: number, b: Uint32Array, bt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[bt + i]) return false;
  return true;
}

interface Columns {
  readonly hash: Int32Array;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
  readonly space: Int32Array;
  readonly label: Int32Array;
  readonly count: Float64Array;
  readonly weight: Float64Array;
}

const KEYS = ["hash", "start", "length", "space", "label", "count", "weight"] as const;

function columns(n: number): Columns {
  return {
    hash: new Int32Array(n),
    start: new Uint32Array(n),
    length: new Uint32Array(n),
    space: new Int32Array(n),
    label: new Int32Array(n),
    count: new Float64Array(n),
    weight: new Float64Array(n),
  };
}
