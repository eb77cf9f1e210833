import type { Bucket, Column, Unit } from "../../data/mod.ts";
import { type PairCounts, pairCounts } from "./_pair_counts.ts";
import type { AggregateState } from "./aggregate.ts";

/** Counts in buckets of equal width, and what lies below and above them. */
export interface LinearState extends AggregateState {
  readonly counts: PairCounts;
}

/** Values below `min` count in bucket -1, from `max` on in bucket `buckets`. */
export function linearState(min: number, max: number, step: number): LinearState {
  const counts = pairCounts();
  const last = Math.ceil((max - min) / step);
  return {
    counts,
    add(groups, [column], rows): void {
      if (column.kind !== "number" && column.kind !== "big") {
        if (rows > 0) throw new TypeError(`a ${column.kind} column has no histogram`);
        return;
      }
      const { values, nulls } = column;
      for (let i = 0; i < rows; i++) {
        const v = Number(values[i]);
        if (nulls && nulls[i] !== 0 || Number.isNaN(v)) continue;
        counts.add(groups[i], v < min ? -1 : v >= max ? last : Math.min(last - 1, Math.floor((v - min) / step)), 1);
      }
    },
    merge(other, map): void {
      (other as LinearState).counts.forEach((g, bucket, count) => counts.add(map[g], bucket, count));
    },
  };
}

/** A histogram of each group; the outer buckets reach to the infinities. */
export function linearColumn(
  state: LinearState,
  [min, max, step]: readonly number[],
  unit: Unit,
  groupCount: number,
): Column {
  const last = Math.ceil((max - min) / step);
  const values = state.counts.lists(groupCount).map(({ indexes, counts }) => {
    if (indexes.length === 0) return null;
    const buckets = Array.from(indexes, (b, i): Bucket => ({
      min: b < 0 ? -Infinity : b === last ? max : min + b * step,
      max: b < 0 ? min : b === last ? Infinity : Math.min(max, min + (b + 1) * step),
      count: counts[i],
    }));
    return { kind: "histogram", unit, buckets };
  });
  return { kind: "object", values };
}
