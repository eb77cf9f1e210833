import type { Batch, Field } from "../../core/data/mod.ts";
import { concatBatches, takeRows } from "../../core/query/mod.ts";

/** Rows that are kept until the end of a window. */
export interface RowStore {
  /** Rows that came after the store was full. */
  readonly lost: number;
  readonly length: number;
  add(batch: Batch): void;
  /** All rows in the order in which they came. */
  rows(): Batch;
  /** Keeps only these rows from now on. */
  replace(batch: Batch): void;
}

/** @param limit most rows kept */
export function rowStore(fields: readonly Field[], limit: number): RowStore {
  let parts: Batch[] = [];
  let length = 0;
  let lost = 0;
  return {
    get lost(): number {
      return lost;
    },
    get length(): number {
      return length;
    },
    add(batch): void {
      const room = limit - length;
      lost += Math.max(0, batch.length - room);
      const kept = batch.length <= room ? batch : takeRows(batch, Int32Array.from({ length: room }, (_, i) => i));
      if (kept.length === 0) return;
      parts.push(kept);
      length += kept.length;
    },
    rows: () => concatBatches(fields, parts),
    replace(batch): void {
      parts = batch.length > 0 ? [batch] : [];
      length = batch.length;
    },
  };
}
