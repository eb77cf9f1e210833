import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, columnFrom, field, type HistogramCell } from "../data/mod.ts";
import { histogramOfColumn } from "./histogram_of.ts";

function batchOf(values: readonly unknown[], type: "duration" | "histogram" | "string"): Batch {
  return { length: values.length, fields: [field("x", type)], columns: [columnFrom(values)] };
}

Deno.test("histogramOfColumn() counts every value in the bucket that holds it", () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger(), fc.constant(null)));
  fc.assert(fc.property(values, fc.constantFrom(1, 2, 16), (v, perOctave) => {
    const got = histogramOfColumn(batchOf(v, "duration"), "x", "ns", perOctave);
    const numbers = v.filter((n) => n !== null);
    if (numbers.length === 0) return assert.equal(got, null);
    assert.equal(got!.unit, "ns");
    for (const b of got!.buckets) assert.equal(b.count, numbers.filter((n) => n >= b.min && n < b.max).length);
    assert.equal(got!.buckets.reduce((sum, b) => sum + b.count, 0), numbers.length);
  }));
  assert.deepEqual(histogramOfColumn(batchOf([1, 5, 6, 7], "duration"), "x", "ns")?.buckets, [
    { min: 1, max: 2, count: 1 },
    { min: 4, max: 8, count: 3 },
  ]);
});

Deno.test("histogramOfColumn() of histograms adds up equal buckets and refuses different ones", () => {
  const cell = (...buckets: [number, number, number][]): HistogramCell => ({
    kind: "histogram",
    unit: "ns",
    buckets: buckets.map(([min, max, count]) => ({ min, max, count })),
  });
  const rows = [cell([4, 8, 2], [8, 16, 1]), null, cell([1, 2, 5], [4, 8, 3])];
  const sum = histogramOfColumn(batchOf(rows, "histogram"), "x", "ns");
  assert.deepEqual(sum, cell([1, 2, 5], [4, 8, 5], [8, 16, 1]));
  assert.equal(histogramOfColumn(batchOf([], "histogram"), "x", "ns"), null);
  assert.throws(
    () => histogramOfColumn(batchOf([cell([4, 8, 2]), cell([4, 6, 2])], "histogram"), "x", "ns"),
    TypeError,
  );
  assert.throws(() => histogramOfColumn(batchOf(["a"], "string"), "x", null), TypeError);
});
