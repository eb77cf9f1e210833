import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, columnFrom, type Field, field, type FieldType, rowsOf } from "../data/mod.ts";
import { fieldRef } from "./build.ts";
import { joinBatch, type JoinKind, type JoinSpec } from "./join_batch.ts";

function batchOf(columns: readonly [string, FieldType, readonly unknown[]][]): Batch {
  const fields = columns.map(([name, type]): Field => field(name, type));
  return { length: columns[0][2].length, fields, columns: columns.map(([, , cells]) => columnFrom(cells)) };
}

const ON_K = { leftKeys: [fieldRef("k", "int")], rightKeys: [fieldRef("k", "int")] };
const KINDS: JoinKind[] = ["inner", "left", "anti"];

/** The definition: every left row beside every right row. */
function nestedLoops(left: Cell[][], right: Cell[][], kind: JoinKind, keys: number, width: number): Cell[][] {
  const same = (x: Cell, y: Cell): boolean => x !== null && y !== null && x === x && String(x) === String(y);
  return left.flatMap((l) => {
    const hits = right.filter((r) => l.slice(0, keys).every((cell, k) => same(cell, r[k])));
    if (kind === "anti") return hits.length === 0 ? [l] : [];
    if (hits.length === 0) return kind === "left" ? [[...l, ...new Array(width).fill(null)]] : [];
    return hits.map((r) => [...l, ...r]);
  });
}

Deno.test("joinBatch() is the nested loops of its definition: keys of text and of integers of any size, nulls, repeats", () => {
  const text = fc.constantFrom("a", "b", "c", null);
  const int = fc.constantFrom<bigint | number | null>(0, 1, 2, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 62n), null);
  const rows = fc.array(fc.tuple(text, int, fc.nat(5)), { maxLength: 15 });
  fc.assert(fc.property(rows, rows, fc.constantFrom(...KINDS), (l, r, kind) => {
    const make = (rows: readonly [string | null, bigint | number | null, number][], v: string): Batch =>
      batchOf([["s", "string", rows.map((r) => r[0])], ["n", "int", rows.map((r) => r[1])], [
        v,
        "int",
        rows.map((r) => r[2]),
      ]]);
    const left = make(l, "x"), right = make(r, "y");
    const keys = [fieldRef("s", "string"), fieldRef("n", "int")];
    const take = right.fields.map((f) => ({ name: `right_${f.name}`, field: f.name }));
    const got = joinBatch(left, right, { kind, leftKeys: keys, rightKeys: keys, take });
    const text = (rows: Cell[][]): string[][] => rows.map((row) => row.map(String));
    assert.deepEqual(text(rowsOf(got.batch)), text(nestedLoops(rowsOf(left), rowsOf(right), kind, 2, 3)));
    assert.equal(got.batch.length, rowsOf(got.batch).length);
    assert.equal(got.unmatched, nestedLoops(rowsOf(left), rowsOf(right), "anti", 2, 3).length);
    assert.equal(got.lost, 0);
  }));
});

Deno.test("joinBatch() keeps the documentation of fields, renames those of the right, and adds none for anti", () => {
  const left = batchOf([["k", "int", [1]]]);
  const right: Batch = { ...batchOf([["k", "int", [1]]]), fields: [field("k", "int", "The key")] };
  const take = [{ name: "r_k", field: "k" }];
  assert.deepEqual(joinBatch(left, right, { kind: "inner", ...ON_K, take }).batch.fields, [
    field("k", "int"),
    field("r_k", "int", "The key"),
  ]);
  assert.deepEqual(joinBatch(left, right, { kind: "anti", ...ON_K, take }).batch.fields, [field("k", "int")]);
  assert.throws(() => joinBatch(left, right, { kind: "left", ...ON_K, take: [{ name: "z", field: "z" }] }), /"z"/);
});

Deno.test("joinBatch() makes at most maxRows rows and counts the others", () => {
  const spec = { kind: "left", ...ON_K, take: [{ name: "v", field: "v" }] } satisfies JoinSpec;
  const left = batchOf([["k", "int", [1, 9, 1]]]);
  const right = batchOf([["k", "int", [1, 1, 2]], ["v", "string", ["a", "b", "c"]]]);
  const all = [[1, "a"], [1, "b"], [9, null], [1, "a"], [1, "b"]];
  for (let maxRows = 0; maxRows <= 6; maxRows++) {
    const got = joinBatch(left, right, { ...spec, maxRows });
    assert.deepEqual(rowsOf(got.batch), all.slice(0, maxRows));
    assert.deepEqual([got.lost, got.unmatched], [Math.max(0, 5 - maxRows), 1]);
  }
});

Deno.test("joinBatch() over no rows: inner gives none, left keeps all with nulls of every kind of column", () => {
  const left = batchOf([["k", "int", [1, 2]]]);
  const right: Batch = {
    length: 0,
    fields: [field("k", "int"), field("s", "string"), field("h", "stack"), field("b", "int")],
    columns: [
      columnFrom([]),
      { kind: "string", codes: new Int32Array(0), dict: [] },
      { kind: "object", values: [] },
      { kind: "big", values: new BigInt64Array(0) },
    ],
  };
  const take = ["s", "h", "b"].map((field) => ({ name: field, field }));
  const got = joinBatch(left, right, { kind: "left", ...ON_K, take });
  assert.deepEqual(rowsOf(got.batch), [[1, null, null, null], [2, null, null, null]]);
  assert.equal(joinBatch(left, right, { kind: "inner", ...ON_K, take }).batch.length, 0);
  assert.deepEqual(rowsOf(joinBatch(right, left, { kind: "left", ...ON_K, take: [] }).batch), []);
});

Deno.test("joinBatch(): NaN equals nothing, zeros of both signs are one, and without keys every row meets every row", () => {
  const left = batchOf([["k", "float", [NaN, 0]]]), right = batchOf([["k", "float", [NaN, -0]]]);
  assert.equal(joinBatch(left, right, { kind: "inner", ...ON_K, take: [] }).batch.length, 1);
  assert.equal(joinBatch(left, right, { kind: "inner", leftKeys: [], rightKeys: [], take: [] }).batch.length, 4);
});

Deno.test("joinBatch() with firstOnly puts the first partner beside a row as it is, nulls included", () => {
  const left = batchOf([["k", "int", [1, 2, 1]]]);
  const right = batchOf([["k", "int", [1, 1, 3]], ["v", "int", [null, 5, 6]], ["w", "int", [7, 8, 9]]]);
  const take = ["v", "w"].map((name) => ({ name, field: name }));
  const { batch, unmatched } = joinBatch(left, right, { kind: "left", ...ON_K, take, firstOnly: true });
  assert.deepEqual(rowsOf(batch), [[1, null, 7], [2, null, null], [1, null, 7]]);
  assert.equal(unmatched, 1);
});
