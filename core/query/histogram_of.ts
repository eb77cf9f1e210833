import { type Batch, type Bucket, cellAt, type HistogramCell, type Unit } from "../data/mod.ts";
import { aggregateBatch } from "./aggregate_batch.ts";
import { literal } from "./build.ts";
import { namedColumn } from "./_named_columns.ts";

/**
 * One histogram of a column: of numbers in the buckets of `hist`; of histograms the sum of equal buckets.
 *
 * @param unit of the values
 * @param perOctave buckets between a power of two and the next, for numbers: a power of two up to 64
 * @returns null when no row has a value
 * @throws {TypeError} when the column is not there, or its values are no amounts; also for histograms whose buckets
 *   overlap
 */
export function histogramOfColumn(batch: Batch, column: string, unit: Unit, perOctave = 1): HistogramCell | null {
  const named = namedColumn(batch, column);
  if (named.field.type === "histogram") return sumOf(batch.length, (i) => cellAt(named.column, i), unit);
  const arg = { op: "field", name: column, t: { ...named.field, unit } } as const;
  const spec = { fn: "hist", args: [arg, literal(BigInt(perOctave))], name: "hist" };
  const { columns: [hist] } = aggregateBatch(batch, { keys: [], aggregates: [spec] });
  return cellAt(hist, 0) as HistogramCell | null;
}

function sumOf(rows: number, cell: (row: number) => unknown, unit: Unit): HistogramCell | null {
  const sum = new Map<string, Bucket>();
  for (let i = 0; i < rows; i++) {
    for (const b of (cell(i) as HistogramCell | null)?.buckets ?? []) {
      const key = `${b.min} ${b.max}`;
      sum.set(key, { min: b.min, max: b.max, count: (sum.get(key)?.count ?? 0) + b.count });
    }
  }
  const buckets = [...sum.values()].sort((a, b) => a.min - b.min);
  for (let i = 1; i < buckets.length; i++) {
    if (buckets[i - 1].max > buckets[i].min) throw new TypeError("histograms with different buckets do not add up");
  }
  return buckets.length === 0 ? null : { kind: "histogram", unit, buckets };
}
