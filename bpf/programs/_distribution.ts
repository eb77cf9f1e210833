import type { HistogramCell, Unit } from "../../core/data/mod.ts";
import { histogramOf } from "../../core/query/aggregates/buckets.ts";
import { quantileOf } from "../../core/query/quantile_layout.ts";

/** Whole numbers counted in buckets (`buckets.bpf.h`), which may come in any order and in parts. */
export interface Distribution {
  add(bucket: number, count: number): void;
  /**
   * The value below or at which a part of them lies, within 0.8 %; null when there are none.
   *
   * @param q 0–1
   * @param max the greatest of them: a bucket's middle may lie beyond it
   */
  quantile(q: number, max: number): number | null;
  /** A bucket between each power of two and the next; null when there are none. */
  histogram(unit: Unit): HistogramCell | null;
}

/** An empty one. */
export function distribution(): Distribution {
  const counts = new Map<number, number>();
  let sorted: [bucket: number, count: number][] | null = null;
  const ascending = (): [bucket: number, count: number][] => sorted ??= [...counts].sort(([a], [b]) => a - b);
  return {
    add(bucket, count) {
      sorted = null;
      counts.set(bucket, (counts.get(bucket) ?? 0) + count);
    },
    quantile(q, max) {
      const all = ascending();
      const value = quantileOf(all, all.reduce((n, [, count]) => n + count, 0), q, true);
      return value === null ? null : Math.min(Number(value), max);
    },
    histogram(unit) {
      const all = ascending();
      if (all.length === 0) return null;
      const indexes = Int32Array.from(all, ([bucket]) => bucket);
      const counts = Float64Array.from(all, ([, count]) => count);
      return histogramOf({ indexes, counts }, 1, true, unit);
    },
  };
}
