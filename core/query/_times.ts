import type { Column } from "../data/mod.ts";

/** Times of one column, split so that doubles hold them exactly for as long as a window lasts (104 days). */
export interface RelativeTimes {
  /** The earliest, nanoseconds since 1970; 0 without any. */
  readonly startNs: bigint;
  /** Nanoseconds since `startNs` of each row; NaN where there is no time. */
  readonly tNs: Float64Array;
}

/** Splits a column of times, which may be doubles or 64-bit integers. */
export function relativeTimes(column: Column, rows: number): RelativeTimes {
  if (column.kind !== "number" && column.kind !== "big") {
    // A column of nulls only may be stored as anything.
    return { startNs: 0n, tNs: new Float64Array(rows).fill(NaN) };
  }
  const { values, nulls } = column;
  let first = -1;
  const missing = (i: number): boolean => nulls?.[i] === 1 || Number.isNaN(values[i]);
  for (let i = 0; i < rows; i++) if (!missing(i) && (first < 0 || values[i] < values[first])) first = i;
  const tNs = new Float64Array(rows).fill(NaN);
  if (first < 0) return { startNs: 0n, tNs };
  const start = values[first];
  const startNs = typeof start === "bigint" ? start : BigInt(Math.floor(start));
  const startNumber = Number(startNs);
  for (let i = 0; i < rows; i++) {
    if (missing(i)) continue;
    const v = values[i];
    tNs[i] = typeof v === "bigint" ? Number(v - startNs) : v - startNumber;
  }
  return { startNs, tNs };
}
