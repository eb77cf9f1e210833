import type { Bucket } from "../data/mod.ts";

/** Width that buckets share, or 0 when they do not. */
function commonWidth(buckets: readonly Bucket[]): number {
  const w = buckets[0].max - buckets[0].min;
  return buckets.every((b) => Math.abs(b.max - b.min - w) <= w * 1e-9) ? w : 0;
}

/**
 * Buckets made fit to be drawn: at most about `most` rows without gaps. Buckets of one width are joined by neighbours;
 * logarithmic ones into powers of two or even parts of them. What reaches to an infinity (values beyond the ends of an
 * `lhist`) keeps a row of its own.
 */
export function histogramRows(buckets: readonly Bucket[], most: number): Bucket[] {
  const below = buckets.filter((b) => b.min === -Infinity);
  const above = buckets.filter((b) => b.max === Infinity && b.min !== -Infinity);
  const inner = buckets.filter((b) => Number.isFinite(b.min) && Number.isFinite(b.max));
  if (inner.length === buckets.length) return finiteRows(buckets, most);
  const width = inner.length > 0 ? commonWidth(inner) : 0;
  if (width > 0) {
    // Of buckets with nothing in them no trace is left: those up to the ends are drawn as well.
    if (above.length > 0 && inner[inner.length - 1].max < above[0].min) {
      inner.push({ min: above[0].min - width, max: above[0].min, count: 0 });
    }
    if (below.length > 0 && inner[0].min > below[0].max) {
      inner.unshift({ min: below[0].max, max: below[0].max + width, count: 0 });
    }
  }
  return [...below, ...finiteRows(inner, most), ...above];
}

function finiteRows(buckets: readonly Bucket[], most: number): Bucket[] {
  if (buckets.length === 0) return [];
  const width = commonWidth(buckets);
  const lo = buckets[0].min;
  const hi = buckets[buckets.length - 1].max;
  if (width > 0 && ((hi - lo) / width <= most || lo < 0)) return linearRows(buckets, width, most);
  if (buckets.length <= most && contiguous(buckets)) return [...buckets];
  if (lo < 0) return joinNeighbours(buckets, most);
  const top = Math.log2(Math.max(hi, 1));
  const bottom = Math.max(0, Math.floor(Math.log2(Math.max(lo, 1))));
  const finest = Math.min(...buckets.map(partsOf));
  const parts = [8, 4, 2, 1].find((p) => p <= finest && (top - bottom) * p <= most) ?? 1;
  return logRows(buckets, parts, Math.max(1, Math.ceil((top - bottom) * parts / most)));
}

/** How many buckets of this width a power of two has. Rows that are finer would be empty for no reason of the data. */
function partsOf(b: Bucket): number {
  return b.min < 1 ? Infinity : Math.max(1, Math.round(2 ** Math.floor(Math.log2(b.min) + 1e-12) / (b.max - b.min)));
}

function contiguous(buckets: readonly Bucket[]): boolean {
  return buckets.every((b, i) => i === 0 || b.min === buckets[i - 1].max);
}

function linearRows(buckets: readonly Bucket[], width: number, most: number): Bucket[] {
  const lo = buckets[0].min;
  const n = Math.round((buckets[buckets.length - 1].max - lo) / width);
  const step = width * Math.ceil(n / most);
  const rows = Array.from(
    { length: Math.ceil(n * width / step - 1e-9) },
    (_, i) => ({ min: lo + i * step, max: lo + (i + 1) * step, count: 0 }),
  );
  for (const b of buckets) rows[Math.min(rows.length - 1, Math.floor((b.min - lo) / step + 1e-9))].count += b.count;
  return rows;
}

function joinNeighbours(buckets: readonly Bucket[], most: number): Bucket[] {
  const step = Math.ceil(buckets.length / most);
  const rows: Bucket[] = [];
  for (let i = 0; i < buckets.length; i += step) {
    const part = buckets.slice(i, i + step);
    const count = part.reduce((sum, b) => sum + b.count, 0);
    rows.push({ min: part[0].min, max: part[part.length - 1].max, count });
  }
  return rows;
}

/** Rows at `parts` even steps in each power of two, or at every `join`-th power. Row 0 holds [0, 1). */
function logRows(buckets: readonly Bucket[], parts: number, join: number): Bucket[] {
  const rowOf = (v: number): number => {
    if (v < 1) return -1;
    const e = Math.floor(Math.log2(v) + 1e-12);
    return parts > 1
      ? e * parts + Math.min(parts - 1, Math.floor((v / 2 ** e - 1) * parts + 1e-9))
      : Math.floor(e / join);
  };
  const edge = (row: number): number => {
    if (row < 0) return 0;
    if (parts === 1) return 2 ** (row * join);
    const e = Math.floor(row / parts);
    return 2 ** e * (1 + (row - e * parts) / parts);
  };
  const counts = new Map<number, number>();
  for (const b of buckets) counts.set(rowOf(b.min), (counts.get(rowOf(b.min)) ?? 0) + b.count);
  const first = rowOf(buckets[0].min);
  const last = rowOf(buckets[buckets.length - 1].min);
  const rows: Bucket[] = [];
  for (let r = first; r <= last; r++) rows.push({ min: edge(r), max: edge(r + 1), count: counts.get(r) ?? 0 });
  return rows;
}

/** Number of values in all buckets. */
export function histogramCount(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, b) => sum + b.count, 0);
}

/**
 * The value below which a share `q` (0–1) of the values lies, taking values as spread evenly in their bucket; an
 * infinity where that bucket reaches to one.
 */
export function histogramQuantile(buckets: readonly Bucket[], q: number): number {
  let left = histogramCount(buckets) * q;
  for (const b of buckets) {
    if (left <= b.count && b.count > 0) {
      if (b.min === -Infinity || b.max === Infinity) return b.min === -Infinity ? -Infinity : Infinity;
      return b.min + (b.max - b.min) * left / b.count;
    }
    left -= b.count;
  }
  return NaN;
}
