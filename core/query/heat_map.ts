import type { Batch, Unit } from "../data/mod.ts";
import { heatRows } from "./_heat_rows.ts";
import { namedColumn } from "./_named_columns.ts";
import { relativeTimes } from "./_times.ts";

/** How many values fell where, over time: what a heat map draws. Row by row upwards, column by column to the right. */
export interface HeatMap {
  /** Nanoseconds since 1970 at which the first column starts; 0 when there is none. */
  readonly startNs: bigint;
  /** Width of every column in nanoseconds; above 0. */
  readonly columnNs: number;
  /** Start of each column, nanoseconds since `startNs`, ascending by `columnNs`; columns without values are there too. */
  readonly times: readonly number[];
  /**
   * Bounds [min, max) of each row of the map (of fractions below 0: (min, max]), ascending, each starting where the one
   * before ends. The outermost may reach to the infinities.
   */
  readonly buckets: readonly { readonly min: number; readonly max: number }[];
  /** `counts[column][row]`; whole numbers, 0 where nothing fell. */
  readonly counts: readonly (readonly number[])[];
  /** Of the values, and so of the bounds. */
  readonly unit: Unit;
}

/** What to lay out. */
export interface HeatMapSpec {
  /** Name of a column of type time. */
  readonly time: string;
  /** Name of a column of numbers, or of histograms. */
  readonly value: string;
  /** Most columns of the map; at least 1. */
  readonly columns: number;
  /** Most rows of the map; at least 1. */
  readonly rows: number;
}

/**
 * Counts values by time and size. Numbers go into the buckets of `hist`, as fine as fit into the rows; histograms into
 * buckets that are as fine as their own at most. The width of a column is a multiple of the least distance of two times,
 * so that measurements at regular times fall evenly. Rows without a time or value are left out.
 *
 * @throws {TypeError} when a column is not there, or holds neither numbers nor histograms
 */
export function heatMapOf(batch: Batch, spec: HeatMapSpec): HeatMap {
  const { field: f, column } = namedColumn(batch, spec.value);
  const { startNs, tNs } = relativeTimes(namedColumn(batch, spec.time).column, batch.length);
  const kept: number[] = [];
  for (let i = 0; i < batch.length; i++) if (!Number.isNaN(tNs[i])) kept.push(i);
  const { columnNs, columns } = columnsOf(tNs, Math.max(1, Math.trunc(spec.columns)));
  const rows = heatRows(column, f.type, kept, Math.max(1, Math.trunc(spec.rows)));
  const counts = Array.from({ length: columns }, () => new Array<number>(rows.buckets.length).fill(0));
  for (const i of kept) {
    const into = counts[Math.floor(tNs[i] / columnNs)];
    rows.each(i, (bucket, count) => into[bucket] += count);
  }
  return {
    startNs,
    columnNs,
    times: counts.map((_, c) => c * columnNs),
    buckets: rows.buckets,
    counts,
    unit: rows.unit === undefined ? f.unit : rows.unit,
  };
}

/** Columns of equal width that hold all times. */
function columnsOf(tNs: Float64Array, most: number): { columnNs: number; columns: number } {
  // NaN sorts last.
  const sorted = tNs.slice().sort();
  let n = sorted.length;
  while (n > 0 && Number.isNaN(sorted[n - 1])) n--;
  const times = sorted.subarray(0, n);
  if (times.length === 0) return { columnNs: 1, columns: 0 };
  let gap = Infinity;
  for (let i = 1; i < times.length; i++) if (times[i] > times[i - 1]) gap = Math.min(gap, times[i] - times[i - 1]);
  if (gap === Infinity) return { columnNs: 1e9, columns: 1 };
  const last = times[times.length - 1];
  const columnNs = Math.ceil((Math.floor(last / gap) + 1) / most) * gap;
  return { columnNs, columns: Math.floor(last / columnNs) + 1 };
}
