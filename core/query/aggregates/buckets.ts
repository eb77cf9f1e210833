import type { Bucket, Column, HistogramCell, Unit } from "../../data/mod.ts";
import { columnFrom } from "../../data/mod.ts";
import type { ValueType } from "../expr.ts";
import { bucketBounds, bucketOf, MANTISSA_BITS, quantileOf } from "../quantile_layout.ts";
import { isFloatType } from "../type_classes.ts";
import { type PairCounts, pairCounts } from "./_pair_counts.ts";
import type { AggregateState } from "./aggregate.ts";

/** Counts by bucket of the quantile layout: the one state of quantiles and histograms. */
export interface BucketState extends AggregateState {
  readonly counts: PairCounts;
  /** The buckets of each group, ascending; built once for all results made of one state. */
  lists(groupCount: number): readonly BucketList[];
}

/** Index and count, ascending by index. */
export type BucketList = readonly (readonly [index: number, count: number])[];

export function bucketState(): BucketState {
  const counts = pairCounts();
  let lists: BucketList[] | null = null;
  return {
    counts,
    lists(groupCount): readonly BucketList[] {
      if (lists?.length !== groupCount) lists = bucketLists(counts, groupCount);
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

function bucketLists(counts: PairCounts, groupCount: number): BucketList[] {
  const lists: [number, number][][] = Array.from({ length: groupCount }, () => []);
  counts.forEach((g, index, count) => lists[g].push([index, count]));
  for (const list of lists) list.sort((x, y) => x[0] - y[0]);
  return lists;
}

/** The quantile `q` (0–1) of each group. */
export function quantileColumn(state: BucketState, q: number, t: ValueType, groupCount: number): Column {
  const integer = !isFloatType(t.type);
  const values = state.lists(groupCount).map((list) =>
    quantileOf(list, list.reduce((sum, [, n]) => sum + n, 0), q, integer)
  );
  return columnFrom(values, t.unsigned);
}

/** A histogram of each group, null where nothing was counted. */
export function histogramColumn(state: BucketState, perOctave: number, t: ValueType, groupCount: number): Column {
  const integer = !isFloatType(t.type);
  const values = state.lists(groupCount).map((list) =>
    list.length === 0 ? null : histogramOf(list, perOctave, integer, t.unit)
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
  for (const [index, count] of buckets) {
    const magnitude = Math.abs(index);
    const first = magnitude - magnitude % step;
    const low = bucketBounds(first).min, high = index === 0 && integer ? 1 : bucketBounds(first + step).min;
    const [min, max] = index < 0
      ? [negated(high, integer), negated(low, integer)]
      : integer
      ? [Math.ceil(low), Math.ceil(high)]
      : [low, high];
    const last = out[out.length - 1];
    if (last && last.min === min && last.max === max) out[out.length - 1] = { min, max, count: last.count + count };
    else out.push({ min, max, count });
  }
  return { kind: "histogram", unit, buckets: out };
}

/** A magnitude's bound [low, high) mirrored: of integers still [min, max), of floats (min, max]. */
function negated(bound: number, integer: boolean): number {
  return integer ? 1 - Math.ceil(bound) : -bound;
}
