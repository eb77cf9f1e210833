import { lastAtOrBelow } from "./symbol_table.ts";

/** Pieces of code that were written over one another. */
export interface LatestCode {
  /**
   * The piece that lies at an address.
   *
   * @param time the moment that is meant; without, and where nothing was there yet, the piece that came last
   * @returns its number, or -1
   */
  find(address: number, time?: number): number;
}

/**
 * Indexes pieces of code by address. Numbers are those of the columns, in the order of writing.
 *
 * @param times when each was written, ascending; of the same length, or empty when that is not known
 */
export function latestCode(
  starts: readonly number[],
  sizes: readonly number[],
  times: readonly number[] = [],
): LatestCode {
  const order = Uint32Array.from(starts, (_, i) => i).sort((a, b) => starts[a] - starts[b] || a - b);
  const sorted = Float64Array.from(order, (i) => starts[i]);
  // How far any piece up to here reaches: where that is not to the address, none further down does.
  const reach = new Float64Array(order.length);
  let far = 0;
  order.forEach((piece, i) => reach[i] = far = Math.max(far, starts[piece] + sizes[piece]));
  return {
    find: (address, time = Infinity) => {
      let best = -1;
      let fallback = -1;
      const last = lastAtOrBelow(sorted, sorted.length, address);
      for (let i = last; i >= 0 && reach[i] > address && last - i < MAX_OVERLAP; i--) {
        const piece = order[i];
        if (address >= starts[piece] + sizes[piece]) continue;
        if (piece > fallback) fallback = piece;
        if (piece > best && (times.length === 0 || times[piece] <= time)) best = piece;
      }
      return best >= 0 ? best : fallback;
    },
  };
}

/** Memory may have been used again this often. */
const MAX_OVERLAP = 4096;
