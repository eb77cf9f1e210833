import { pairIndex } from "../_pair_index.ts";

/** Counts keyed by a group and a 32-bit integer. */
export interface PairCounts {
  /** @param group below 2^25 */
  add(group: number, index: number, count: number): void;
  forEach(f: (group: number, index: number, count: number) => void): void;
  /** What was counted of each group. */
  lists(groupCount: number): readonly CountList[];
}

/** Counts that are not 0, ascending by index. */
export interface CountList {
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

const PAGE_BITS = 4;
const PAGE = 1 << PAGE_BITS;
/** Makes pages of negative indexes positive. */
const BIAS = 2 ** 27;

/**
 * Counts in pages of 16 neighbours, found by a hash: what is counted lies close together, so that many counts share
 * a line of the cache and an entry of the hash.
 */
export function pairCounts(): PairCounts {
  const pages = pairIndex();
  let counts = new Float64Array(16 * PAGE);
  // What each page holds: its group, and its indexes without the bits within the page.
  let keys = new Int32Array(32);
  let known = 0;

  const newPage = (group: number, page: number): void => {
    if (known * PAGE === counts.length) {
      const more = new Float64Array(counts.length * 2);
      more.set(counts);
      counts = more;
      const wider = new Int32Array(keys.length * 2);
      wider.set(keys);
      keys = wider;
    }
    keys[known * 2] = group;
    keys[known * 2 + 1] = page;
    known++;
  };
  /** The pages by group and index: 25 and 28 bits fit a double. */
  const sortedPages = (): Float64Array => {
    const order = new Float64Array(known);
    for (let p = 0; p < known; p++) order[p] = keys[p * 2] * 2 * BIAS + keys[p * 2 + 1] + BIAS;
    return order.sort();
  };
  return {
    add(group, index, count): void {
      const page = pages.find(group, index >> PAGE_BITS, true);
      if (page === known) newPage(group, index >> PAGE_BITS);
      counts[page * PAGE + (index & PAGE - 1)] += count;
    },
    forEach(f): void {
      for (let i = 0; i < known * PAGE; i++) {
        const page = i >> PAGE_BITS;
        if (counts[i] !== 0) f(keys[page * 2], keys[page * 2 + 1] << PAGE_BITS | i & PAGE - 1, counts[i]);
      }
    },
    lists(groupCount): CountList[] {
      let size = 0;
      for (let i = 0; i < known * PAGE; i++) if (counts[i] !== 0) size++;
      const indexes = new Int32Array(size), sorted = new Float64Array(size);
      const ends = new Int32Array(groupCount + 1);
      let n = 0;
      for (const key of sortedPages()) {
        const group = Math.floor(key / (2 * BIAS)), page = key - group * 2 * BIAS - BIAS;
        const from = pages.find(group, page, false) * PAGE;
        for (let i = 0; i < PAGE; i++) {
          if (counts[from + i] === 0) continue;
          indexes[n] = page << PAGE_BITS | i;
          sorted[n++] = counts[from + i];
        }
        ends[group + 1] = n;
      }
      return Array.from({ length: groupCount }, (_, g) => {
        ends[g + 1] = Math.max(ends[g + 1], ends[g]);
        return { indexes: indexes.subarray(ends[g], ends[g + 1]), counts: sorted.subarray(ends[g], ends[g + 1]) };
      });
    },
  };
}
