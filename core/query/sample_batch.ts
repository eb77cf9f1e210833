import { type Batch, type Field } from "../data/mod.ts";
import { takeRows } from "./batch_ops.ts";
import { concatBatches } from "./concat_batches.ts";

/** Takes each row with the same probability. */
export interface RowSample {
  /** The rows taken of a batch, in their order. */
  apply(batch: Batch): Batch;
}

/** Keeps a fixed number of rows, each set of them equally likely. */
export interface Reservoir {
  /** Rows that came. */
  readonly seen: number;
  add(batch: Batch): void;
  /** The rows kept, in the order in which they came. @param fields those of the batches */
  rows(fields: readonly Field[]): Batch;
}

/**
 * A sample by independent choice of each row (Bernoulli).
 *
 * @param ratio probability of each row, 0–1
 * @param seed makes the choice repeatable; absent, every sample is another
 */
export function openRowSample(ratio: number, seed: number = randomSeed()): RowSample {
  const random = randomNumbers(seed);
  return {
    apply(batch): Batch {
      if (ratio >= 1) return batch;
      const rows = new Int32Array(batch.length);
      let n = 0;
      for (let i = 0; i < batch.length; i++) if (random() < ratio) rows[n++] = i;
      return takeRows(batch, rows.subarray(0, n));
    },
  };
}

/**
 * A sample of a fixed size (Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))", 1994, algorithm
 * L): rows that are not taken cost nothing.
 *
 * @param count most rows kept; 0 or more, whole
 * @param seed makes the choice repeatable; absent, every sample is another
 */
export function openReservoir(count: number, seed: number = randomSeed()): Reservoir {
  const random = randomNumbers(seed);
  // The batch and the row of each place, and when the row came.
  const parts = new Int32Array(count), rows = new Int32Array(count), came = new Float64Array(count);
  let batches: Batch[] = [];
  let used = 0, seen = 0, live = 0;
  let w = 1;
  // The next row to be taken once all places are filled.
  let next = Infinity;
  const skip = (): void => {
    w *= Math.exp(Math.log(1 - random()) / count);
    next += Math.floor(Math.log(1 - random()) / Math.log1p(-w)) + 1;
  };
  const put = (place: number, row: number): void => {
    parts[place] = batches.length - 1;
    rows[place] = row;
    came[place] = seen + row;
  };
  /** Places in the order in which their rows came. */
  const inOrder = (): number[] => Array.from({ length: used }, (_, place) => place).sort((a, b) => came[a] - came[b]);
  const taken = (places: readonly number[]): Batch[] => {
    const byPart = new Map<number, number[]>();
    for (const place of places) {
      const list = byPart.get(parts[place]);
      list ? list.push(rows[place]) : byPart.set(parts[place], [rows[place]]);
    }
    return Array.from(byPart, ([part, list]) => takeRows(batches[part], Int32Array.from(list)));
  };
  /** Lets go of batches of which little is kept. */
  const compact = (fields: readonly Field[]): void => {
    const places = inOrder();
    batches = [concatBatches(fields, taken(places))];
    live = used;
    places.forEach((place, i) => {
      parts[place] = 0;
      rows[place] = i;
    });
  };
  return {
    get seen(): number {
      return seen;
    },
    add(batch): void {
      if (batch.length === 0) return;
      batches.push(batch);
      const before = used;
      let i = 0;
      for (; i < batch.length && used < count; i++) {
        put(used++, i);
        if (used === count) {
          next = seen + i;
          skip();
        }
      }
      let took = used > before;
      for (; next < seen + batch.length; skip()) {
        put(Math.floor(random() * count), next - seen);
        took = true;
      }
      seen += batch.length;
      if (!took) batches.pop();
      else if ((live += batch.length) > Math.max(100_000, 4 * count)) compact(batch.fields);
    },
    rows: (fields) => concatBatches(fields, taken(inOrder())),
  };
}

/** A seed that differs from run to run. */
function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** Numbers in [0, 1) of 32 bits each: a Weyl sequence, mixed (splitmix32). The same seed gives the same numbers. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = state + 0x9e37_79b9 | 0;
    let z = state ^ state >>> 16;
    z = Math.imul(z, 0x21f0_aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a_2d97);
    return ((z ^ z >>> 15) >>> 0) / 0x1_0000_0000;
  };
}
