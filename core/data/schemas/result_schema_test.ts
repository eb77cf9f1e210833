import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cell,
  type Field,
  field,
  type FieldType,
  type Json,
  type Profile,
  quality,
  type Result,
  resultFromJson,
  resultToJson,
  rowsOf,
  type Table,
  tableFromRows,
} from "../mod.ts";
import { check } from "./check.ts";
import { diagnosisSchema } from "./diagnosis_schema.ts";
import { resultSchema } from "./result_schema.ts";

/** To text and back, by way of the schema. */
function around(result: Result): Result {
  const json = JSON.parse(JSON.stringify(resultToJson(result)));
  const checked = check(resultSchema, json);
  assert.ok(checked.ok, checked.ok ? "" : checked.problem);
  return resultFromJson(checked.value as unknown as { [key: string]: Json });
}

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("</script>", "\u0000\u001b[2J", "123", "0x10", "__proto__", "null", "\ud800", "a\nb", ""),
);
const i64 = fc.oneof(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), fc.maxSafeInteger().map(BigInt));
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const double = fc.double({ noNaN: true, noDefaultInfinity: true });

const frame = fc.record({
  function: hostile,
  module: hostile,
  file: hostile,
  line: fc.nat(),
  kind: fc.constantFrom("user" as const, "kernel" as const, "unknown" as const),
}, { noNullPrototype: true });
const histogram = fc.array(fc.tuple(fc.nat(), fc.nat())).map((pairs) => ({
  kind: "histogram" as const,
  unit: "ns" as const,
  buckets: [{ min: -Infinity, max: 0, count: 1 }, ...pairs.map(([a, b]) => ({ min: a, max: a + b + 1, count: b }))],
}));

const CELLS: Record<FieldType, fc.Arbitrary<Cell>> = {
  int: i64,
  float: double,
  bool: fc.constantFrom(0, 1),
  string: hostile,
  duration: i64,
  bytes: i64,
  rate: double,
  ratio: double,
  time: i64,
  pid: fc.nat(),
  tid: fc.nat(),
  address: u64,
  ip: fc.constantFrom("127.0.0.1", "::1"),
  stack: fc.array(frame),
  histogram,
};

const table: fc.Arbitrary<Table> = fc.array(
  fc.tuple(fc.constantFrom(...Object.keys(CELLS) as FieldType[]), fc.boolean()),
  { minLength: 1, maxLength: 5 },
).chain((columns) => {
  const fields = columns.map(([type, unsigned], i): Field => ({
    ...field(`f${i}`, type),
    ...(type === "int" && unsigned || type === "address" ? { unsigned: true } : {}),
  }));
  const cells = fields.map((f) => fc.option(f.unsigned ? u64 : CELLS[f.type], { nil: null }));
  return fc.array(fc.tuple(...cells), { maxLength: 6 }).map((rows) => tableFromRows(fields, rows));
});

/** Integers by value: 5 and 5n are the same cell, 0 and -0 too. */
function plain(result: Table): unknown[][] {
  return rowsOf(result).map((row) =>
    row.map((c) =>
      typeof c === "bigint" || c === 0
        ? String(c)
        : typeof c === "number" && Number.isInteger(c)
        ? BigInt(c).toString()
        : c
    )
  );
}

Deno.test("tables survive JSON: 64-bit integers of both signs, addresses, stacks, histograms, hostile text, nulls", () => {
  fc.assert(
    fc.property(table, (t) => {
      const back = around(t) as Table;
      assert.deepEqual(back.fields, t.fields);
      assert.deepEqual(plain(back), plain(t));
    }),
    { numRuns: 300 },
  );
});

Deno.test("NaN and infinities of a float column become null", () => {
  const t = tableFromRows([field("x", "float")], [[NaN], [Infinity], [-Infinity], [1.5]]);
  assert.deepEqual(rowsOf(around(t) as Table), [[null], [null], [null], [1.5]]);
});

Deno.test("profiles survive JSON with shared frames and hostile labels", () => {
  fc.assert(fc.property(fc.array(frame, { minLength: 1 }), fc.dictionary(hostile, hostile), (frames, labels) => {
    const p: Profile = {
      kind: "profile",
      sampleTypes: [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }],
      frames,
      stacks: [
        { frames: frames.map((_, i) => i), values: [3, 30_000_000], labels: {} },
        { frames: [0], values: [1, 2 ** 60], labels },
      ],
      quality: quality({ events: 4, notes: ["a\u0000b"] }),
    };
    const back = around(p) as Profile;
    const stacks = (q: Profile): unknown => q.stacks.map((s) => [s.frames.map((f) => q.frames[f]), s.values]);
    assert.deepEqual(stacks(back), stacks(p));
    assert.deepEqual(
      Object.entries(back.stacks[1].labels).filter(([k]) => k !== "__proto__"),
      Object.entries(labels).filter(([k]) => k !== "__proto__"),
    );
    assert.deepEqual(back.quality, p.quality);
  }));
});

Deno.test("series, histograms and text survive JSON", () => {
  const q = quality({ duration_ns: 5 });
  const series: Result = {
    kind: "series",
    unit: "ratio",
    startNs: 1_700_000_000_000_000_001n,
    points: [{ name: "cpu", tNs: [0, 1e9], v: [0.5, NaN] }],
    quality: q,
  };
  const open: Result = { kind: "histogram", unit: "ns", buckets: [{ min: 8, max: Infinity, count: 2 }], quality: q };
  for (const r of [series, open, { kind: "text", text: "a\u001b", quality: q } as Result]) {
    assert.deepEqual(around(r), r);
  }
});

Deno.test("the schema refuses what resultFromJson could not read, and says where", () => {
  const good = resultToJson(tableFromRows([field("n", "int"), field("a", "address")], [[1, 2n]]));
  const problem = (change: Record<string, unknown>): string => {
    const checked = check(resultSchema, { ...good, ...change });
    return checked.ok ? "" : checked.problem;
  };
  assert.equal(problem({}), "");
  assert.match(problem({ rows: [[1]] }), /rows\.0: has 1 cells for 2 fields/);
  assert.match(problem({ rows: [["1e400", "0x1"]] }), /rows\.0\.0: is no int/);
  assert.match(problem({ rows: [["9".repeat(5000), "0x1"]] }), /is no int/);
  assert.match(problem({ rows: [[1, "0xzz"]] }), /is no address/);
  assert.match(problem({ kind: "tabel" }), /kind/);
  assert.match(problem({ quality: {} }), /quality/);
});

Deno.test("check() survives data nested deeper than the stack", () => {
  const deep = JSON.parse("[".repeat(200_000) + "]".repeat(200_000));
  const diagnosis = { evidence_items: [{ id: "e", claim: "", tool: "", call: "", path: "", value: deep, unit: null }] };
  assert.equal(check(diagnosisSchema, diagnosis).ok, false);
});
