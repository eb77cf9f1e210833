import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bucket } from "../data/mod.ts";
import { histogramCount, histogramQuantile, histogramRows } from "./histogram_rows.ts";
import { histogramSummary } from "./histogram_summary.ts";

const logBuckets = fc.uniqueArray(fc.tuple(fc.integer({ min: 6, max: 40 }), fc.integer({ min: 0, max: 63 })), {
  selector: ([e, m]) => e * 64 + m,
  minLength: 1,
  maxLength: 200,
}).map((parts) =>
  parts.sort(([a, b], [c, d]) => a - c || b - d)
    .map(([e, m], i): Bucket => ({ min: 2 ** e * (1 + m / 64), max: 2 ** e * (1 + (m + 1) / 64), count: i % 5 + 1 }))
);

Deno.test("histogramRows() keeps every count, ascends without gaps, and stays drawable", () => {
  fc.assert(fc.property(logBuckets, (buckets) => {
    const rows = histogramRows(buckets, 24);
    assert.equal(histogramCount(rows), histogramCount(buckets));
    assert.ok(rows.length <= 36, `${rows.length} rows`);
    rows.forEach((r, i) => assert.ok(r.max > r.min && (i === 0 || rows[i - 1].max === r.min)));
    assert.ok(rows[0].min <= buckets[0].min && rows[rows.length - 1].max >= buckets[buckets.length - 1].max);
  }));
});

Deno.test("histogramRows() leaves few buckets of one width as they are and fills their gaps", () => {
  const rows = histogramRows([{ min: 0, max: 10, count: 1 }, { min: 30, max: 40, count: 2 }], 24);
  assert.deepEqual(rows.map((r) => [r.min, r.count]), [[0, 1], [10, 0], [20, 0], [30, 2]]);
});

Deno.test("histogramRows() makes no rows finer than the buckets: powers of two stay whole", () => {
  const buckets = [10, 11, 14, 18].map((e): Bucket => ({ min: 2 ** e, max: 2 ** (e + 1), count: e }));
  const rows = histogramRows(buckets, 24);
  assert.deepEqual(
    rows.map((r) => [r.min, r.max]),
    Array.from({ length: 9 }, (_, i) => [2 ** (10 + i), 2 ** (11 + i)]),
  );
  assert.deepEqual(rows.map((r) => r.count), [10, 11, 0, 0, 14, 0, 0, 0, 18]);
});

Deno.test("histogramRows() keeps what lies beyond the ends of an lhist apart, and fills up to the ends", () => {
  const open: Bucket[] = [
    { min: -Infinity, max: 0, count: 2 },
    { min: 10, max: 20, count: 5 },
    { min: 50, max: Infinity, count: 3 },
  ];
  const rows = histogramRows(open, 24);
  assert.deepEqual(rows.map((r) => [r.min, r.max, r.count]), [
    [-Infinity, 0, 2],
    [0, 10, 0],
    [10, 20, 5],
    [20, 30, 0],
    [30, 40, 0],
    [40, 50, 0],
    [50, Infinity, 3],
  ]);
  assert.equal(histogramSummary(open, "ns", "en"), "10 values · p50 16 ns · p90 ≥ 50 ns · p99 ≥ 50 ns · max ≥ 50 ns");
  assert.deepEqual(histogramRows([open[0], open[2]], 24), [open[0], open[2]]);
});

Deno.test("histogramRows() joins linear buckets below zero", () => {
  const buckets = Array.from({ length: 100 }, (_, i) => ({ min: i - 50, max: i - 49, count: 1 }));
  const rows = histogramRows(buckets, 20);
  assert.deepEqual([rows.length, rows[0].min, rows[0].count, histogramCount(rows)], [20, -50, 5, 100]);
});

Deno.test("histogramQuantile() takes values as even within a bucket", () => {
  const buckets = [{ min: 0, max: 100, count: 50 }, { min: 100, max: 200, count: 50 }];
  assert.equal(histogramQuantile(buckets, 0.25), 50);
  assert.equal(histogramQuantile(buckets, 0.75), 150);
  assert.ok(Number.isNaN(histogramQuantile([], 0.5)));
});
