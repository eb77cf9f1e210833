import assert from "node:assert/strict";
import fc from "fast-check";
import * as stats from "simple-statistics";
import { type Batch, type Cell, columnFrom, type Field, type HistogramCell, recordsOf } from "../data/mod.ts";
import { aggregateBatch, type AggregationSpec, distinctBatch, openAggregation } from "./aggregate_batch.ts";
import { AGGREGATES, aggregateType } from "./aggregates/table.ts";
import { DISTINCT_EXACT } from "./aggregates/distinct.ts";
import { topkCounters } from "./aggregates/topk.ts";
import { fieldRef, literal, valueType } from "./build.ts";
import { bucketOf } from "./quantile_layout.ts";
import type { AggregateSpec } from "./probe_spec.ts";
import { isProblem } from "./type_rules.ts";

const FIELDS: Field[] = [
  { name: "k", type: "string", unit: null },
  { name: "n", type: "int", unit: null },
  { name: "f", type: "float", unit: null },
];
type Row = [string | null, bigint | number | null, number | null];
const k = fieldRef("k", "string"), n = fieldRef("n", "int"), f = fieldRef("f", "float");

function batchOf(rows: readonly Row[]): Batch {
  return {
    length: rows.length,
    fields: FIELDS,
    columns: FIELDS.map((_, i) => columnFrom(rows.map((r) => r[i]))),
  };
}

const rowArbitrary: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom("a", "b", "c", null),
  fc.oneof(
    fc.integer({ min: -50, max: 50 }),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    fc.constant(null),
  ),
  fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: -1e150, max: 1e150, noNaN: true }),
    fc.constant(null),
  ),
);

function spec(name: string, arg: typeof n): AggregateSpec {
  const constants: Record<string, AggregateSpec["args"]> = {
    quantile: [literal(0.8, "float")],
    hist: [literal(4n)],
    lhist: [literal(-10n), literal(10n), literal(3n)],
    topk: [literal(3n)],
  };
  return { fn: name, args: [arg, ...(constants[name] ?? [])], name: `${name}_${(arg as { name: string }).name}` };
}

const everything = [...AGGREGATES.keys()].flatMap((name) => [spec(name, n), spec(name, f)]);
const inexact = /^(sum|avg|share|rate|stddev)_f|^(stddev|avg|share|rate)_n/;

for (const name of AGGREGATES.keys()) {
  Deno.test(`${name}: the merged states of parts are the state of the whole`, () => {
    const aggregates = [spec(name, n), spec(name, f)];
    const by: AggregationSpec = { keys: [{ name: "k", expr: k }], aggregates };
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { maxLength: 60, size: "max" }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
        (rows, cuts) => {
          const whole = recordsOf(aggregateBatch(batchOf(rows), by, {}, 3e9));
          const bounds = [0, ...cuts.filter((c) => c < rows.length).toSorted((a, b) => a - b), rows.length];
          const merged = openAggregation(by, FIELDS);
          for (let i = 1; i < bounds.length; i++) {
            const part = openAggregation(by, FIELDS);
            part.add(batchOf(rows.slice(bounds[i - 1], bounds[i])));
            merged.merge(part);
          }
          assert.equal(merged.rows, rows.length);
          const got = recordsOf(merged.result(3e9));
          assert.equal(got.length, whole.length);
          got.forEach((record, i) => {
            for (const [column, value] of Object.entries(record)) {
              if (!inexact.test(column)) {
                assert.deepEqual(value, whole[i][column], column);
              } else close(value, whole[i][column], rows, column);
            }
          });
        },
      ),
    );
  });
}

/** Equal within 1e-12 of the sum of magnitudes. */
function close(a: Cell, b: Cell, rows: readonly Row[], what: string): void {
  if (a === null || b === null) return assert.equal(a, b, what);
  if (!Number.isFinite(Number(a))) return assert.equal(Number.isFinite(Number(b)), false, what);
  const column = what.endsWith("_f") ? 2 : 1;
  const magnitude = rows.reduce((s, r) => s + Math.abs(Number(r[column] ?? 0)), 0);
  // A share is relative to its total, which may nearly cancel.
  if (what.startsWith("share")) return;
  // The square root of a difference of squares halves the digits.
  const tolerance = what.startsWith("stddev") ? 1e-7 : 1e-12;
  assert.ok(Math.abs(Number(a) - Number(b)) <= tolerance * Math.max(magnitude, 1e-300), `${what}: ${a} ${b}`);
}

Deno.test("every aggregate agrees with its plain definition", () => {
  fc.assert(fc.property(
    fc.array(
      fc.tuple(
        fc.constant("a"),
        fc.integer({ min: -1000, max: 1000 }),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((v) => Math.abs(v) < 1e-300 ? 0 : v),
      ),
      {
        minLength: 1,
        maxLength: 50,
        size: "max",
      },
    ),
    (rows) => {
      const [got] = recordsOf(aggregateBatch(batchOf(rows), { keys: [], aggregates: everything }, {}, 2e9));
      const ns = rows.map((r) => r[1]), fs = rows.map((r) => r[2]);
      const near = (name: string, want: number, scale = 1): void => {
        const magnitude = Math.max(1, ...fs.map(Math.abs)) * rows.length * scale;
        assert.ok(Math.abs(Number(got[name]) - want) <= 1e-12 * magnitude, `${name}: ${got[name]} is not ${want}`);
      };
      assert.equal(got.count_n, rows.length);
      assert.equal(got.sum_n, ns.reduce((a, b) => a + b, 0));
      near("sum_f", stats.sum(fs));
      near("avg_n", stats.mean(ns));
      near("avg_f", stats.mean(fs));
      near("stddev_n", stats.standardDeviation(ns), 1e4);
      near("stddev_f", stats.standardDeviation(fs), 1e4);
      near("rate_n", ns.reduce((a, b) => a + b, 0) / 2);
      assert.equal(got.min_n, Math.min(...ns));
      assert.equal(got.max_f, Math.max(...fs) + 0);
      assert.equal(got.first_n, ns[0]);
      assert.equal(got.last_f, fs.at(-1));
      assert.equal(got.distinct_n, new Set(ns).size);
      const sorted = ns.toSorted((a, b) => a - b);
      const p90 = sorted[Math.ceil(rows.length * 9 / 10) - 1];
      assert.equal(bucketOf(Number(got.p90_n)), bucketOf(p90));
      for (const name of ["hist_n", "hist_f", "lhist_n", "lhist_f"]) {
        const values = name.endsWith("n") ? ns : fs;
        const { buckets } = got[name] as unknown as HistogramCell;
        assert.equal(buckets.reduce((s, b) => s + b.count, 0), rows.length);
        for (const [i, b] of buckets.entries()) {
          assert.ok(b.min < b.max && (i === 0 || buckets[i - 1].max <= b.min), name);
          const mirrored = name === "hist_f" && b.max <= 0;
          const inside = values.filter((v) => mirrored ? v > b.min && v <= b.max && v !== 0 : v >= b.min && v < b.max);
          assert.equal(inside.length, b.count, `${name} ${b.min} ${b.max} of ${values}`);
        }
      }
    },
  ));
});

Deno.test("sum: integers are exact at any size and wrap to 64 bits at the end", () => {
  const values = [2n ** 62n, 2n ** 62n, 2n ** 62n, BigInt(Number.MAX_SAFE_INTEGER), 7n];
  const rows = values.map((v): Row => ["a", v, null]);
  const sums = { keys: [], aggregates: [spec("sum", n), spec("avg", n)] };
  const total = values.reduce((a, b) => a + b, 0n);
  const [got] = recordsOf(aggregateBatch(batchOf(rows), sums));
  assert.equal(got.sum_n, BigInt.asIntN(64, total));
  assert.equal(got.avg_n, Number(total) / 5);
  const safe = Array.from({ length: 5000 }, (): Row => ["a", Number.MAX_SAFE_INTEGER, null]);
  const [many] = recordsOf(aggregateBatch(batchOf(safe), { keys: [], aggregates: [spec("sum", n)] }));
  assert.equal(many.sum_n, BigInt.asIntN(64, BigInt(Number.MAX_SAFE_INTEGER) * 5000n));
});

Deno.test("sum: floats are compensated", () => {
  const rows = [1e16, 1, -1e16, 1].map((v): Row => ["a", null, v]);
  const [got] = recordsOf(aggregateBatch(batchOf(rows), { keys: [], aggregates: [spec("sum", f)] }));
  assert.equal(got.sum_f, 2);
});

Deno.test("a global aggregate over no rows is one row: counts 0, the rest null", () => {
  const got = recordsOf(aggregateBatch(batchOf([]), { keys: [], aggregates: everything }));
  assert.equal(got.length, 1);
  for (const [name, value] of Object.entries(got[0])) {
    assert.equal(value, /^(count|distinct)/.test(name) ? 0 : null, name);
  }
});

Deno.test("a grouped aggregate over no rows has no rows", () => {
  const got = aggregateBatch(batchOf([]), { keys: [{ name: "k", expr: k }], aggregates: everything });
  assert.equal(got.length, 0);
});

Deno.test("groups: null is a key of its own; equal integers are one group in every representation", () => {
  const running = openAggregation({
    keys: [{ name: "k", expr: k }, { name: "n", expr: n }],
    aggregates: [spec("count", n)],
  }, FIELDS);
  running.add(batchOf([["a", 1, null], [null, 1, null], ["a", null, null]]));
  running.add(batchOf([["a", 1n, null], [null, 2n ** 60n, null]]));
  assert.deepEqual(recordsOf(running.result()), [
    { k: "a", n: 1n, count_n: 2 },
    { k: null, n: 1n, count_n: 1 },
    { k: "a", n: null, count_n: 0 },
    { k: null, n: 2n ** 60n, count_n: 1 },
  ]);
});

Deno.test("groups: text is the key, not its code, so dictionaries may differ and repeat", () => {
  const running = openAggregation({ keys: [{ name: "k", expr: k }], aggregates: [] }, FIELDS.slice(0, 1));
  const add = (codes: number[], dict: string[]): void =>
    running.add({
      length: codes.length,
      fields: FIELDS.slice(0, 1),
      columns: [{ kind: "string", codes: Int32Array.from(codes), dict }],
    });
  add([0, 1, 2], ["x", "y", "x"]);
  add([1, 0], ["x", "z"]);
  assert.deepEqual(recordsOf(running.result()).map((r) => r.k), ["x", "y", "z"]);
});

Deno.test("maxGroups: rows of further groups are counted as lost, those of known groups still taken", () => {
  const by = { keys: [{ name: "n", expr: n }], aggregates: [spec("count", n)], maxGroups: 2 };
  const running = openAggregation(by, FIELDS);
  running.add(batchOf([["a", 1, null], ["a", 2, null], ["a", 3, null], ["a", 1, null]]));
  running.add(batchOf([["a", 4, null], ["a", 2, null], ["a", null, null]]));
  assert.deepEqual(recordsOf(running.result()), [{ n: 1, count_n: 2 }, { n: 2, count_n: 2 }]);
  assert.equal(running.lost, 3);
  assert.equal(running.rows, 4);
});

Deno.test("distinct: exact up to its bound, within 5 % beyond, bit-equal however it was split", () => {
  for (const size of [DISTINCT_EXACT, 5000, 200_000]) {
    const values = Float64Array.from({ length: size }, (_, i) => i * 17);
    const batch = (from: number, to: number): Batch => ({
      length: to - from,
      fields: [FIELDS[1]],
      columns: [{ kind: "number", values: values.slice(from, to) }],
    });
    const by = { keys: [], aggregates: [spec("distinct", n)] };
    const whole = recordsOf(aggregateBatch(batch(0, size), by))[0].distinct_n as number;
    assert.ok(size <= DISTINCT_EXACT ? whole === size : Math.abs(whole / size - 1) < 0.05, `${whole} of ${size}`);
    const parts = openAggregation(by, [FIELDS[1]]);
    for (let i = 0; i < 4; i++) {
      const part = openAggregation(by, [FIELDS[1]]);
      // Overlapping halves: a value seen twice counts once.
      part.add(batch(Math.floor(size * i / 5), Math.floor(size * (i + 2) / 5)));
      parts.merge(part);
    }
    assert.equal(recordsOf(parts.result())[0].distinct_n, whole);
  }
});

Deno.test("topk: counts are at most n / (counters + 1) too small, after any merge", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 400 }).map((v) => Math.floor(v * v / 400)), { maxLength: 2000, size: "max" }),
      fc.nat({ max: 1999 }),
      (values, cut) => {
        const rows = values.map((v): Row => ["a", v, null]);
        const by = { keys: [], aggregates: [{ fn: "topk", args: [n, literal(3n)], name: "top" }] };
        const a = openAggregation(by, FIELDS), b = openAggregation(by, FIELDS);
        a.add(batchOf(rows.slice(0, cut)));
        b.add(batchOf(rows.slice(cut)));
        a.merge(b);
        const text = recordsOf(a.result())[0].top as string | null;
        const exact = new Map<number, number>();
        for (const v of values) exact.set(v, (exact.get(v) ?? 0) + 1);
        const bound = values.length / (topkCounters(3) + 1);
        for (const part of text?.split(", ") ?? []) {
          const [value, count] = part.split(/ ≥?/).map(Number);
          const real = exact.get(value) ?? 0;
          assert.ok(count <= real && count >= real - bound, part);
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("first and last by a second argument do not depend on the order of the rows", () => {
  const rows: Row[] = [["x", 30, 3], ["y", 10, 1], ["z", 20, 2], [null, 5, 9]];
  const aggregates = [{ fn: "first", args: [k, n], name: "first" }, { fn: "last", args: [k, n], name: "last" }];
  for (const r of [rows, rows.toReversed()]) {
    assert.deepEqual(recordsOf(aggregateBatch(batchOf(r), { keys: [], aggregates })), [{ first: "y", last: "x" }]);
  }
});

Deno.test("distinctBatch() keeps each combination once, in order", () => {
  const batch = batchOf([["a", 1, 0], ["b", 1, 0], ["a", 1, 5], ["a", 2, 0]]);
  assert.deepEqual(recordsOf(distinctBatch(batch, [{ name: "k", expr: k }, { name: "n", expr: n }])), [
    { k: "a", n: 1 },
    { k: "b", n: 1 },
    { k: "a", n: 2 },
  ]);
});

Deno.test("aggregateType() keeps units and refuses what has no amount", () => {
  const type = (fn: string, ...args: Parameters<typeof valueType>[0][]): unknown => {
    const t = aggregateType(fn, args.map((a) => valueType(a)));
    return isProblem(t) ? t.error : t.unit === null ? t.type : `${t.type} ${t.unit}`;
  };
  assert.equal(type("sum", "bytes"), "bytes bytes");
  assert.equal(type("avg", "int"), "float");
  assert.equal(type("p99", "duration"), "duration ns");
  assert.equal(type("rate"), "rate events/s");
  assert.equal(type("rate", "bytes"), "rate bytes/s");
  assert.equal(type("rate", "duration"), "ratio ratio");
  assert.equal(type("hist", "duration"), "histogram ns");
  assert.equal(type("min", "time"), "time ns");
  assert.match(type("sum", "pid") as string, /does not take pid/);
  assert.match(type("sum", "string") as string, /does not take string/);
  assert.match(type("quantile", "int") as string, /1 argument/);
  assert.match(type("median", "int") as string, /no aggregate/);
});

Deno.test("first and last by a second argument leave out rows where that is NaN", () => {
  const rows: Row[] = [["x", 1, 7], ["y", 2, NaN], ["z", 3, 5]];
  const aggregates = [{ fn: "first", args: [k, f], name: "first" }, { fn: "last", args: [k, f], name: "last" }];
  for (const r of [rows, rows.toReversed()]) {
    assert.deepEqual(recordsOf(aggregateBatch(batchOf(r), { keys: [], aggregates })), [{ first: "z", last: "x" }]);
  }
});
