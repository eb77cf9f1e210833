import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cell, field, recordsOf, type Table, tableFromRows } from "../data/mod.ts";
import { deriveBatch, filterBatch, limitBatch, projectBatch } from "./batch_ops.ts";
import { fieldRef, literal, test, valueType } from "./build.ts";
import { sortBatch, topBatch } from "./sort_batch.ts";

const n = fieldRef("n", "int"), s = fieldRef("s", "string");

function table(rows: readonly (readonly Cell[])[]): Table {
  return tableFromRows([field("n", "int"), field("s", "string"), field("i", "int")], rows);
}

Deno.test("sortBatch() orders by value with nulls last in both directions, and keeps the order of equals", () => {
  const cell = fc.oneof(
    fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
    fc.integer({ min: -3, max: 3 }).map(BigInt),
    fc.constant(null),
  );
  const text = fc.constantFrom("a", "B", "b", "", null);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, text), { maxLength: 30, size: "max" }),
      fc.boolean(),
      fc.boolean(),
      (cells, d1, d2) => {
        const rows = cells.map(([a, b], i) => [a, b, i] as const);
        const got = recordsOf(sortBatch(table(rows), [{ expr: s, descending: d1 }, { expr: n, descending: d2 }]));
        const order = <T extends string | bigint>(a: T | null, b: T | null, down: boolean): number =>
          a === null || b === null
            ? Number(a === null) - Number(b === null)
            : (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
        const want = rows.toSorted((p, q) => order(p[1], q[1], d1) || order(p[0], q[0], d2) || p[2] - q[2]);
        assert.deepEqual(
          got.map((r) => Number(r.i)),
          want.map((r) => r[2]),
        );
      },
    ),
  );
});

Deno.test("topBatch() is the head of sortBatch()", () => {
  const t = table([[1, "a", 0], [5, "b", 1], [null, "c", 2], [5, "d", 3], [3, "e", 4]]);
  const by = [{ expr: n, descending: true }];
  assert.deepEqual(recordsOf(topBatch(t, 3, by)).map((r) => r.i), [1, 3, 4]);
  assert.equal(topBatch(t, 99, by).length, 5);
  assert.equal(topBatch(t, 0, by).length, 0);
});

Deno.test("filterBatch() keeps rows whole, with nulls, big integers and objects", () => {
  const fields = [field("n", "int"), field("h", "histogram"), field("s", "string")];
  const hist = { kind: "histogram", unit: null, buckets: [] };
  const t = tableFromRows(fields, [[2n ** 60n, hist, null], [null, null, "x"], [7, hist, "y"]]);
  const kept = filterBatch(t, test(">", n, literal(7n)));
  assert.deepEqual(recordsOf(kept), [{ n: 2n ** 60n, h: hist, s: null }]);
});

Deno.test("deriveBatch() lets later columns name earlier ones and replaces in place", () => {
  const t = tableFromRows([field("n", "int", "How many")], [[2], [null]]);
  const plus = { op: "binary", fn: "+", left: n, right: literal(1n), t: valueType("int") } as const;
  const got = deriveBatch(t, [{ name: "m", expr: plus }, { name: "n", expr: { ...plus, left: fieldRef("m", "int") } }]);
  assert.deepEqual(got.fields.map((f) => f.name), ["n", "m"]);
  assert.deepEqual(recordsOf(got), [{ n: 4, m: 3 }, { n: null, m: null }]);
});

Deno.test("projectBatch() keeps the documentation of a field it passes on", () => {
  const t = tableFromRows([field("n", "int", "How many"), field("s", "string")], [[2, "a"]]);
  const got = projectBatch(t, [{ name: "count", expr: n }]);
  assert.deepEqual(got.fields, [{ name: "count", type: "int", unit: null, doc: "How many" }]);
  assert.deepEqual(recordsOf(got), [{ count: 2 }]);
});

Deno.test("limitBatch() takes no more rows than there are", () => {
  const t = table([[1, "a", 0], [2, "b", 1]]);
  assert.equal(limitBatch(t, 5), t);
  assert.deepEqual(recordsOf(limitBatch(t, 1)).map((r) => r.i), [0]);
});
