import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, cellAt, columnFrom, field, type FieldType, type HistogramCell } from "../data/mod.ts";
import { aggregateBatch } from "./aggregate_batch.ts";
import { fieldRef, literal } from "./build.ts";
import { type HeatMap, heatMapOf } from "./heat_map.ts";

function batchOf(times: readonly unknown[], values: readonly unknown[], type: FieldType = "duration"): Batch {
  return {
    length: times.length,
    fields: [field("t", "time"), field("v", type)],
    columns: [columnFrom(times), columnFrom(values)],
  };
}
const SPEC = { time: "t", value: "v", columns: 40, rows: 20 };
const S = 1e9;

/** Columns and rows lie side by side. */
function checkShape(map: HeatMap, columns: number, rows: number): void {
  assert.ok(map.counts.length === map.times.length && map.times.length <= columns && map.buckets.length <= rows);
  assert.ok(map.columnNs > 0 && map.times.every((t, c) => t === c * map.columnNs));
  map.buckets.forEach((b, r) => assert.ok(b.min < b.max && (r === 0 || map.buckets[r - 1].max === b.min)));
  for (const column of map.counts) assert.equal(column.length, map.buckets.length);
}

Deno.test("heatMapOf() of integers: every cell counts the values within its bounds, whatever the number of rows", () => {
  const value = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -1e6, max: 1e12 }), fc.constant(null));
  const row = fc.tuple(fc.nat(5000), value);
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (
      rows,
      columns,
      most,
    ) => {
      const map = heatMapOf(batchOf(rows.map((r) => r[0]), rows.map((r) => r[1])), { ...SPEC, columns, rows: most });
      checkShape(map, columns, most);
      const start = Number(map.startNs);
      assert.equal(start, Math.min(...rows.map((r) => r[0])));
      map.times.forEach((t, c) =>
        map.buckets.forEach((b, r) => {
          const inside = rows.filter(([at, v]) =>
            at - start >= t && at - start < t + map.columnNs && v !== null && v >= b.min && v < b.max
          );
          assert.equal(map.counts[c][r], inside.length);
        })
      );
      assert.equal(map.counts.flat().reduce((a, b) => a + b, 0), rows.filter((r) => r[1] !== null).length);
    }),
  );
});

Deno.test("heatMapOf() of fractions loses no value and keeps each within its row", () => {
  const double = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((v) => Math.abs(v) < 1e-300 ? 0 : v);
  fc.assert(fc.property(fc.array(double, { minLength: 1 }), fc.integer({ min: 1, max: 40 }), (values, rows) => {
    // A column for each value tells which row it is in.
    const map = heatMapOf(batchOf(values.map((_, i) => i), values, "float"), { ...SPEC, columns: 1000, rows });
    checkShape(map, 1000, rows);
    values.forEach((v, i) => {
      const r = map.counts[i].indexOf(1);
      const { min, max } = map.buckets[r];
      assert.ok(v >= min && v <= max, `${v} in ${min}, ${max}`);
    });
  }));
  const odd = heatMapOf(batchOf([1, 2, 3], [Infinity, NaN, 2.5], "float"), SPEC);
  assert.equal(odd.counts.flat().reduce((a, b) => a + b, 0), 1);
});

Deno.test("heatMapOf(): rows are as fine as fit, down to single integers", () => {
  const times = Array.from({ length: 8 }, (_, i) => i), values = [1, 2, 3, 4, 5, 6, 7, 8];
  const edges = (rows: number): number[] => {
    const { buckets } = heatMapOf(batchOf(times, values), { ...SPEC, rows });
    return [...buckets.map((b) => b.min), buckets[buckets.length - 1].max];
  };
  assert.deepEqual(edges(20), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(edges(7), [1, 2, 3, 4, 6, 8, 12]);
  assert.deepEqual(edges(4), [1, 2, 4, 8, 16]);
  assert.deepEqual(edges(2), [1, 4, 16]);
  assert.deepEqual(edges(1), [1, 16]);
});

Deno.test("heatMapOf(): measurements at regular times fall evenly into columns, exact at 64 bits", () => {
  const t0 = 1_700_000_000_000_000_001n;
  const times = Array.from({ length: 100 }, (_, i) => t0 + BigInt(i * S));
  const map = heatMapOf(batchOf(times, times.map(() => 5)), SPEC);
  assert.deepEqual([map.startNs, map.columnNs, map.times.length], [t0, 3 * S, 34]);
  assert.deepEqual(map.counts.map((c) => c.reduce((a, b) => a + b)), [...Array(33).fill(3), 1]);
  const few = heatMapOf(batchOf(times.slice(0, 5), Array(5).fill(5)), SPEC);
  assert.deepEqual([few.columnNs, few.counts.flat()], [S, [1, 1, 1, 1, 1]]);
  // A time without values between others is an empty column.
  const gap = heatMapOf(batchOf([0, S, 3 * S], [1, 1, 1]), SPEC);
  assert.deepEqual(gap.counts.flat(), [1, 1, 0, 1]);
});

Deno.test("heatMapOf() of histograms counts as if of their values, in rows as fine as theirs at most", () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.oneof(fc.nat(50), fc.integer({ min: -1e6, max: 1e9 })));
  fc.assert(fc.property(fc.array(row, { minLength: 1 }), fc.constantFrom(1, 4, 16), fc.integer({ min: 1, max: 99 }), (
    rows,
    perOctave,
    most,
  ) => {
    const raw = batchOf(rows.map((r) => r[0] * S), rows.map((r) => r[1]));
    const hist = { fn: "hist", args: [fieldRef("v", "duration"), literal(BigInt(perOctave))], name: "v" };
    const cells = aggregateBatch(raw, { keys: [{ name: "t", expr: fieldRef("t", "time") }], aggregates: [hist] });
    const map = heatMapOf(cells, { ...SPEC, rows: most });
    checkShape(map, 40, most);
    assert.equal(map.unit, "ns");
    map.times.forEach((t, c) =>
      map.buckets.forEach((b, r) => {
        const at = t + Number(map.startNs);
        const inside = rows.filter(([s, v]) => s * S >= at && s * S < at + map.columnNs && v >= b.min && v < b.max);
        assert.equal(map.counts[c][r], inside.length);
      })
    );
    for (let i = 0; i < cells.length; i++) {
      for (const own of (cellAt(cells.columns[1], i) as HistogramCell).buckets) {
        assert.ok(map.buckets.some((b) => b.min <= own.min && own.max <= b.max));
      }
    }
  }));
});

Deno.test("heatMapOf() of linear histograms keeps their width, and rows for what lies outside", () => {
  const cell = (...buckets: [number, number, number][]): HistogramCell => ({
    kind: "histogram",
    unit: "ratio",
    buckets: buckets.map(([min, max, count]) => ({ min, max, count })),
  });
  const cells = [cell([-Infinity, 10, 1], [10, 13, 2], [16, 19, 3]), null, cell([19, 20, 4], [20, Infinity, 5])];
  const map = heatMapOf(batchOf([0, 1, 2], cells, "histogram"), SPEC);
  assert.deepEqual(
    map.buckets,
    [[-Infinity, 10], [10, 13], [13, 16], [16, 19], [19, 20], [20, Infinity]].map(([min, max]) => ({ min, max })),
  );
  assert.deepEqual(map.counts, [[1, 2, 0, 3, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 4, 5]]);
  assert.equal(map.unit, "ratio");
  const coarse = heatMapOf(batchOf([0, 1, 2], cells, "histogram"), { ...SPEC, rows: 4 });
  assert.deepEqual(coarse.counts, [[1, 2, 3, 0], [0, 0, 0, 0], [0, 0, 4, 5]]);
  const outside = heatMapOf(batchOf([0], [cell([-Infinity, 0, 2], [9, Infinity, 1])], "histogram"), SPEC);
  assert.deepEqual(outside.counts, [[2, 0, 1]]);
});

Deno.test("heatMapOf() of nothing has neither columns nor rows, and text is refused", () => {
  for (const batch of [batchOf([], []), batchOf([null], [1]), batchOf([], [], "histogram")]) {
    const map = heatMapOf(batch, SPEC);
    assert.deepEqual([map.startNs, map.times, map.buckets, map.counts], [0n, [], [], []]);
  }
  assert.deepEqual(heatMapOf(batchOf([5], [null]), SPEC).counts, [[]]);
  assert.throws(() => heatMapOf(batchOf([1], ["a"], "string"), SPEC), TypeError);
  assert.throws(() => heatMapOf(batchOf([1], [1]), { ...SPEC, value: "w" }), /"w"/);
});
