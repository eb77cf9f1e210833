import type { Quality } from "./quality.ts";
import type { Unit } from "./units.ts";

/** Values counted in [min, max). */
export interface Bucket {
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** A histogram inside a table cell. Buckets ascend and do not overlap; empty ones may be absent. */
export interface HistogramCell {
  readonly kind: "histogram";
  readonly unit: Unit;
  readonly buckets: readonly Bucket[];
}

/** A histogram that is a result of its own. */
export interface Histogram extends HistogramCell {
  readonly quality: Quality;
}
