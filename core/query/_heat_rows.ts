import type { Bucket, Column, FieldType, HistogramCell, Unit } from "../data/mod.ts";
import { bucketBounds, bucketOf, MANTISSA_BITS } from "./quantile_layout.ts";
import { isFloatType } from "./type_classes.ts";

/** The rows of a heat map, and which of them each row of the batch counts in. */
export interface HeatRows {
  readonly buckets: readonly Bounds[];
  /** That of the histograms; undefined where there are numbers. */
  readonly unit: Unit | undefined;
  /** @param add takes the number of the heat map's row, and what to add there */
  each(row: number, add: (bucket: number, count: number) => void): void;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Rows, and the row of a bucket of the quantile layout. */
interface Layout {
  readonly rows: readonly Bounds[];
  rowOf(index: number): number;
}

/**
 * Rows for the values of a column: as many as fit, each as fine as the next one between two powers of two. Values that
 * are not finite are left out.
 *
 * @param kept rows of the batch that count
 * @param most rows of the heat map, at least 1
 */
export function heatRows(column: Column, type: FieldType, kept: readonly number[], most: number): HeatRows {
  if (type === "histogram") return histogramRows(column, kept, most);
  if (column.kind !== "number" && column.kind !== "big") {
    if (column.kind !== "string" || column.codes.every((c) => c < 0)) {
      return { buckets: [], unit: undefined, each() {} };
    }
    throw new TypeError("a heat map needs numbers or histograms, not text");
  }
  const { values, nulls } = column;
  const indexAt = (i: number): number | null => {
    const v = values[i];
    return nulls?.[i] || typeof v === "number" && !Number.isFinite(v) ? null : bucketOf(v);
  };
  const indexes = kept.map(indexAt).filter((index) => index !== null);
  const layout = layoutOf(indexes, !isFloatType(type), most, 2 ** MANTISSA_BITS);
  return {
    buckets: layout.rows,
    unit: undefined,
    each(i, add): void {
      const index = indexAt(i);
      if (index !== null) add(layout.rowOf(index), 1);
    },
  };
}

function histogramRows(column: Column, kept: readonly number[], most: number): HeatRows {
  const cellOf = (i: number): HistogramCell | null =>
    column.kind === "object" ? (column.values[i] ?? null) as HistogramCell | null : null;
  const distinct = new Map<string, Bucket>();
  let unit: Unit | undefined;
  for (const i of kept) {
    const cell = cellOf(i);
    if (cell) unit = cell.unit;
    for (const b of cell?.buckets ?? []) distinct.set(`${b.min} ${b.max}`, b);
  }
  const buckets = [...distinct.values()];
  const integer = buckets.every((b) => Number.isInteger(b.min) && Number.isInteger(b.max));
  const perOctave = resolutionOf(buckets, integer);
  let rows: readonly Bounds[];
  let rowOf: (b: Bucket) => number;
  if (perOctave === null) ({ rows, rowOf } = linearRows(buckets, most));
  else {
    const layout = layoutOf(buckets.map((b) => layoutIndex(b, integer)), integer, most, perOctave);
    rows = layout.rows;
    rowOf = (b) => layout.rowOf(layoutIndex(b, integer));
  }
  return {
    buckets: rows,
    unit,
    each: (i, add) => cellOf(i)?.buckets.forEach((b) => add(rowOf(b), b.count)),
  };
}

/** A bucket of the quantile layout that lies in a bucket of `hist`. */
function layoutIndex(b: Bounds, integer: boolean): number {
  if (b.min >= 0) return bucketOf(b.min);
  return -bucketOf(integer ? 1 - b.max : -b.max);
}

/** How many buckets between two powers of two `hist` was asked for; null when these are not its buckets. */
function resolutionOf(buckets: readonly Bucket[], integer: boolean): number | null {
  for (let n = 1; n <= 2 ** MANTISSA_BITS; n *= 2) {
    const step = 2 ** MANTISSA_BITS / n;
    const fits = (b: Bucket): boolean => {
      const index = layoutIndex(b, integer);
      if (index === 0) return b.min === 0 && b.max <= 1;
      const { min, max } = magnitudeBounds(Math.floor(Math.abs(index) / step), step, integer);
      return index > 0
        ? b.min === min && b.max === max
        : b.max === mirrored(min, integer) && b.min === mirrored(max, integer);
    };
    if (buckets.every(fits)) return n;
  }
  return null;
}

/** The values of the `place`th bucket of `step` buckets of the quantile layout. */
function magnitudeBounds(place: number, step: number, integer: boolean): Bounds {
  const min = bucketBounds(place * step).min, max = bucketBounds((place + 1) * step).min;
  return integer ? { min: Math.ceil(min), max: Math.ceil(max) } : { min, max };
}

function mirrored(bound: number, integer: boolean): number {
  return integer ? 1 - bound : -bound;
}

/** As many rows as fit, with a power of two of them (at most `perOctave`) between powers of two, or several powers in one. */
function layoutOf(indexes: readonly number[], integer: boolean, most: number, perOctave: number): Layout {
  if (indexes.length === 0) return { rows: [], rowOf: () => 0 };
  const used = new Set(indexes);
  for (let n = perOctave;; n /= 2) {
    const step = 2 ** MANTISSA_BITS / n;
    // Of fractions there may be 2000 powers of two between two values: nothing is laid out that cannot fit.
    if (!integer && n > 1 && placesOf(used, step) > most) continue;
    const { rows, places } = placedRows(used, step, integer);
    if (rows.length > most && n > 1) continue;
    const together = Math.ceil(rows.length / most);
    return {
      rows: together === 1 ? rows : grouped(rows, together),
      rowOf: (index) => Math.floor(places.get(placeOf(index, step))! / together),
    };
  }
}

/** How many places there are from the least magnitude to the greatest, of both signs. */
function placesOf(used: ReadonlySet<number>, step: number): number {
  let count = 0;
  for (const sign of [-1, 1]) {
    let least = Infinity, greatest = -1;
    for (const index of used) {
      const place = placeOf(index, step) * sign;
      if (place > 0) [least, greatest] = [Math.min(least, place), Math.max(greatest, place)];
    }
    count += Math.max(0, greatest - least + 1);
  }
  return count;
}

function placeOf(index: number, step: number): number {
  return Math.sign(index) * Math.floor(Math.abs(index) / step);
}

/** Rows without a gap from the least to the greatest bucket used, and the row of each place. */
function placedRows(
  used: ReadonlySet<number>,
  step: number,
  integer: boolean,
): { rows: Bounds[]; places: Map<number, number> } {
  const places = Array.from(used, (index) => placeOf(index, step)).sort((a, b) => a - b);
  const below = places.filter((p) => p < 0), above = places.filter((p) => p > 0);
  const rows: Bounds[] = [];
  const rowOf = new Map<number, number>();
  const put = (place: number, bounds: Bounds): void => {
    // Between small powers of two there are fewer integers than buckets.
    if (bounds.max > bounds.min) rows.push(bounds);
    rowOf.set(place, rows.length - 1);
  };
  for (let p = below[0]; p <= below[below.length - 1]; p++) {
    const { min, max } = magnitudeBounds(-p, step, integer);
    put(p, { min: mirrored(max, integer), max: mirrored(min, integer) });
  }
  const low = above.length > 0 ? magnitudeBounds(above[0], step, integer).min : null;
  // What lies between the least magnitudes of both signs has one row, with 0.
  if (places.includes(0) || below.length > 0 && low !== null) {
    put(0, { min: rows[rows.length - 1]?.max ?? 0, max: low ?? (integer ? 1 : bucketBounds(1).min) });
  }
  for (let p = above[0]; p <= above[above.length - 1]; p++) put(p, magnitudeBounds(p, step, integer));
  return { rows, places: rowOf };
}

function grouped(rows: readonly Bounds[], together: number): Bounds[] {
  const out: Bounds[] = [];
  for (let i = 0; i < rows.length; i += together) {
    out.push({ min: rows[i].min, max: rows[Math.min(rows.length, i + together) - 1].max });
  }
  return out;
}

/** Rows of equal width, as `lhist` has them, and one for what lies below and above. */
function linearRows(buckets: readonly Bucket[], most: number): { rows: Bounds[]; rowOf(b: Bucket): number } {
  const below = buckets.find((b) => b.min === -Infinity), above = buckets.find((b) => b.max === Infinity);
  const inner = buckets.filter((b) => b.min !== -Infinity && b.max !== Infinity);
  const low = below?.max ?? Math.min(...inner.map((b) => b.min), above?.min ?? Infinity);
  const high = above?.min ?? Math.max(...inner.map((b) => b.max), low);
  const width = inner.length > 0 ? Math.max(...inner.map((b) => b.max - b.min)) : Math.max(high - low, 1);
  const fine = Math.ceil((high - low) / width * (1 - 1e-12));
  const together = Math.max(1, Math.ceil(fine / Math.max(1, most - (below ? 1 : 0) - (above ? 1 : 0))));
  const rows: Bounds[] = below ? [{ min: -Infinity, max: low }] : [];
  const first = rows.length;
  for (let i = 0; i < fine; i += together) {
    rows.push({ min: low + i * width, max: Math.min(high, low + (i + together) * width) });
  }
  const after = rows.length;
  if (above) rows.push({ min: high, max: Infinity });
  return {
    rows,
    rowOf(b): number {
      if (b.min === -Infinity) return 0;
      if (b.max === Infinity) return after;
      return first + Math.floor(Math.round((b.min - low) / width) / together);
    },
  };
}
