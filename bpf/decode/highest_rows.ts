import type { Batch } from "../../core/data/mod.ts";
import { concatBatches } from "../../core/query/concat_batches.ts";
import type { HighestRows } from "../../core/query/mod.ts";
import type { Struct } from "../codegen/layout.ts";
import { type Meanings, structReader } from "./struct_reader.ts";

/** The rows that are highest in a value, of the records that have come. */
export interface HighestReader {
  /** Records below are of no use any more. */
  readonly threshold: number;
  read(bytes: Uint8Array, words: Uint32Array, at: number): void;
  /** Highest first. */
  take(): Batch;
  /**
   * What may be missing, in words; null when nothing is.
   *
   * @param lost records that found no room in the ring
   * @param highest the highest value among them
   */
  missing(lost: number, highest: number | null): string | null;
}

/** Keeps as many rows as asked for. Records are taken apart, and their stacks named, only when they are among them. */
export function highestRows(
  { record, spec }: { readonly record: Struct; readonly spec: HighestRows },
  meanings: Meanings,
): HighestReader {
  const reader = structReader(record, meanings);
  const part = record.parts.find((p) => p.name === spec.by);
  if (part?.kind !== "number") throw new TypeError(`The highest rows are by a number, which "${spec.by}" is not`);
  // Ascending: the first is the one to go.
  const kept: { value: number; row: Batch }[] = [];
  let threshold = spec.atLeast;
  return {
    get threshold() {
      return threshold;
    },
    read(bytes, words, at): void {
      const w = at + part.off >> 2;
      const value = words[w + 1] * 2 ** 32 + words[w];
      if (value < threshold || spec.count === 0) return;
      reader.read(bytes, words, at);
      const row = reader.take();
      let place = kept.findIndex((k) => k.value > value);
      if (place < 0) place = kept.length;
      kept.splice(place, 0, { value, row });
      if (kept.length > spec.count) kept.shift();
      if (kept.length === spec.count) threshold = Math.max(threshold, kept[0].value);
    },
    take: () => concatBatches(reader.fields, kept.map((k) => k.row).reverse()),
    missing(lost, highest): string | null {
      if (lost === 0 || highest === null) return null;
      // Ties aside: a row that is as high as the lowest one kept would not have changed what the list tells.
      if (kept.length === spec.count && highest <= kept[0].value) return null;
      return `${lost} of the highest rows found no room in the ring: rows are missing from that list, not from the tables.`;
    },
  };
}
