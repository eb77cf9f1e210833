import type { HistogramCell } from "../../core/plugin_api/mod.ts";

/** Histograms of whole nanoseconds from several rows, added up. Their buckets must be of one layout. */
export interface AddedHistograms {
  add(cell: HistogramCell): void;
  /**
   * The value below or at which a part of the values lies: the middle of its bucket; null when there are none.
   *
   * @param q 0–1
   * @param max the greatest of the values: a bucket's middle may lie beyond it
   */
  quantile(q: number, max: number): number | null;
  /** A bucket between each power of two and the next; null when there are none. */
  octaves(): HistogramCell | null;
}

/** None yet. */
export function addedHistograms(): AddedHistograms {
  const counts = new Map<number, { readonly max: number; count: number }>();
  const ascending = (): { min: number; max: number; count: number }[] =>
    Array.from(counts, ([min, { max, count }]) => ({ min, max, count })).sort((a, b) => a.min - b.min);
  return {
    add(cell) {
      for (const { min, max, count } of cell.buckets) {
        const found = counts.get(min);
        if (found) found.count += count;
        else counts.set(min, { max, count });
      }
    },
    quantile(q, greatest) {
      const buckets = ascending();
      const rank = Math.max(1, Math.ceil(q * buckets.reduce((n, b) => n + b.count, 0)));
      let seen = 0;
      for (const { min, max, count } of buckets) {
        seen += count;
        if (seen >= rank) return Math.min(Math.floor((min + max - 1) / 2), greatest);
      }
      return null;
    },
    octaves() {
      const octaves = new Map<number, number>();
      for (const { min, count } of ascending()) {
        const from = min < 1 ? 0 : 2 ** Math.floor(Math.log2(min));
        octaves.set(from, (octaves.get(from) ?? 0) + count);
      }
      if (octaves.size === 0) return null;
      const buckets = Array.from(octaves, ([min, count]) => ({ min, max: Math.max(1, 2 * min), count }));
      return { kind: "histogram", unit: "ns", buckets };
    },
  };
}
