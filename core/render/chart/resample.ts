import type { SeriesLine } from "../../data/mod.ts";

/** What a plot of so many columns shows of lines that were measured at times of their own. */
export interface TimeGrid {
  readonly fromNs: number;
  /** Length of all columns together. */
  readonly spanNs: number;
  readonly columns: number;
  /** Usual distance of two points in nanoseconds; 0 when no line has two. */
  readonly stepNs: number;
}

/** Columns for these lines: one for each point, or fewer where there is less room. */
export function timeGrid(lines: readonly SeriesLine[], most: number): TimeGrid {
  const gaps: number[] = [];
  let [from, to, longest] = [Infinity, -Infinity, 0];
  for (const { tNs } of lines) {
    for (let i = 0; i < tNs.length; i++) {
      if (i > 0 && tNs[i] > tNs[i - 1]) gaps.push(tNs[i] - tNs[i - 1]);
      from = Math.min(from, tNs[i]);
      to = Math.max(to, tNs[i]);
    }
    longest = Math.max(longest, tNs.length);
  }
  if (longest === 0) return { fromNs: 0, spanNs: 0, columns: 0, stepNs: 0 };
  const stepNs = gaps.length > 0 ? gaps.sort((a, b) => a - b)[gaps.length >> 1] : 0;
  const points = stepNs > 0 ? Math.round((to - from) / stepNs) + 1 : 1;
  const columns = Math.max(1, Math.min(most, points));
  return { fromNs: from, spanNs: stepNs > 0 ? to - from + stepNs : 0, columns, stepNs };
}

/** Points that are further apart than this many usual distances have nothing between them. */
export const GAP = 2.5;

/**
 * The mean of a line in each column; NaN where nothing was measured. Points come a little early or late: a column that
 * such a one has just missed gets what lies between its neighbours.
 */
export function resample({ tNs, v }: SeriesLine, grid: TimeGrid): number[] {
  const { fromNs, spanNs, columns, stepNs } = grid;
  const sums = new Float64Array(columns);
  const counts = new Uint32Array(columns);
  const missing = new Uint8Array(columns);
  // Half a distance early is still this point's column, not the one before.
  const columnOf = (t: number): number =>
    spanNs > 0 ? Math.min(columns - 1, Math.floor((t - fromNs + stepNs / 2) / spanNs * columns)) : 0;
  for (let i = 0; i < v.length; i++) {
    const c = columnOf(tNs[i]);
    if (Number.isFinite(v[i])) {
      sums[c] += v[i];
      counts[c]++;
    } else missing[c] = 1;
  }
  const out = Array.from(sums, (sum, c) => counts[c] > 0 ? sum / counts[c] : NaN);
  for (let i = 1; i < v.length; i++) {
    if (!Number.isFinite(v[i - 1]) || !Number.isFinite(v[i]) || tNs[i] - tNs[i - 1] > GAP * stepNs) continue;
    for (let c = columnOf(tNs[i - 1]) + 1; c < columnOf(tNs[i]); c++) {
      if (counts[c] === 0 && !missing[c]) out[c] = (v[i - 1] + v[i]) / 2;
    }
  }
  return out;
}
