import type { Bucket, Column, HistogramCell, Unit } from "../../data/mod.ts";
import { columnFrom } from "../../data/mod.ts";
import type { ValueType } from "../expr.ts";
import { bucketBounds, bucketMiddle, bucketOf, MANTISSA_BITS, quantileRank } from "../quantile_layout.ts";
import { isFloatType } from "../type_classes.ts";
import { type CountList, type PairCounts, pairCounts } from "./_pair_counts.ts";
import type { AggregateState } from "./aggregate.ts";

/** Counts by bucket of the quantile layout: the one state of quantiles and histograms. */
export interface BucketState extends AggregateState {
  readonly counts: PairCounts;
  /** The buckets of each group, ascending; built once for all results made of one state. */
  lists(groupCount: number): readonly BucketList[];
}

/** Buckets of the quantile layout with their counts, ascending. */
export type BucketList = CountList;

export function bucketState(): BucketState {
  const counts = pairCounts();
  let lists: readonly BucketList[] | null = null;
  return {
    counts,
    lists(groupCount): readonly BucketList[] {
      if (lists?.length !== groupCount) lists = counts.lists(groupCount);
      return lists;
    },
    add(groups, [column], rows): void {
      lists = null;
      if (column.kind === "number") {
        const { values, nulls } = column;
        for (let i = 0; i < rows; i++) {
          const v = values[i];
          if (!(nulls && nulls[i] !== 0) && !Number.isNaN(v)) counts.add(groups[i], bucketOf(v), 1);
        }
      } else if (column.kind === "big") {
        for (let i = 0; i < rows; i++) if (!column.nulls?.[i]) counts.add(groups[i], bucketOf(column.values[i]), 1);
      } else if (rows > 0) throw new TypeError(`a ${column.kind} column has no quantiles`);
    },
    merge(other, map): void {
      if (map.length > 0) lists = null;
      (other as BucketState).counts.forEach((g, index, count) => counts.add(map[g], index, count));
    },
  };
}

/** The quantile `q` (0–1) of each group. */
export function quantileColumn(state: BucketState, q: number, t: ValueType, groupCount: number): Column {
  const integer = !isFloatType(t.type);
  const values = state.lists(groupCount).map(({ indexes, counts }) => {
    if (indexes.length === 0) return null;
    const rank = quantileRank(counts.reduce((sum, n) => sum + n, 0), q);
    let at = 0;
    for (let seen = counts[0]; seen < rank && at + 1 < indexes.length;) seen += counts[++at];
    return bucketMiddle(indexes[at], integer);
  });
  return columnFrom(values, t.unsigned);
}

/** A histogram of each group, null where nothing was counted. */
export function histogramColumn(state: BucketState, perOctave: number, t: ValueType, groupCount: number): Column {
  const integer = !isFloatType(t.type);
  const values = state.lists(groupCount).map((list) =>
    list.indexes.length === 0 ? null : histogramOf(list, perOctave, integer, t.unit)
  );
  return { kind: "object", values };
}

/**
 * Buckets of the quantile layout as a histogram with `perOctave` buckets between a power of two and the next.
 *
 * @param perOctave a power of two, 1–64
 * @param integer bounds are whole numbers: values are integers
 */
export function histogramOf(buckets: BucketList, perOctave: number, integer: boolean, unit: Unit): HistogramCell {
  const step = 2 ** MANTISSA_BITS / perOctave;
  const out: Bucket[] = [];
  let sum = 0;
  for (let i = 0; i < buckets.indexes.length; i++) {
    const index = buckets.indexes[i];
    const first = firstOf(index, step);
    sum += buckets.counts[i];
    // All that make one bucket stand together.
    const next = buckets.indexes[i + 1];
    if (next !== undefined && firstOf(next, step) === first && (next < 0) === (index < 0)) continue;
    const low = bucketBounds(first).min, high = index === 0 && integer ? 1 : bucketBounds(first + step).min;
    const [min, max] = index < 0
      ? [negated(high, integer), negated(low, integer)]
      : integer
      ? [Math.ceil(low), Math.ceil(high)]
      : [low, high];
    const last = out[out.length - 1];
    if (last && last.min === min && last.max === max) out[out.length - 1] = { min, max, count: last.count + sum };
    else out.push({ min, max, count: sum });
    sum = 0;
  }
  return { kind: "histogram", unit, buckets: out };
}

/** The first of the `step` indexes of magnitudes that are one bucket. */
function firstOf(index: number, step: number): number {
  const magnitude = Math.abs(index);
  return magnitude - magnitude % step;
}

/** A magnitude's bound [low, high) mirrored: of integers still [min, max), of floats (min, max]. */
function negated(bound: number, integer: boolean): number {
  return integer ? 1 - Math.ceil(bound) : -bound;
}
