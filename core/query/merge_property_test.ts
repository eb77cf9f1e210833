import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, columnFrom, type Field, field, recordsOf } from "../data/mod.ts";
import { type AggregationSpec, openAggregation, type RunningAggregation } from "./aggregate_batch.ts";
import { topkCounters } from "./aggregates/topk.ts";
import { AGGREGATES, aggregateType } from "./aggregates/table.ts";
import { literal } from "./build.ts";
import type { Expr } from "./expr.ts";
import type { AggregateSpec } from "./probe_spec.ts";
import { isFloatType } from "./type_classes.ts";
import { isProblem } from "./type_rules.ts";

const RUNS = Math.max(1, Math.round(40 * Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1)));
const WINDOW_NS = 3e9;

const FIELDS: readonly Field[] = [
  field("key", "string"),
  field("tag", "pid"),
  field("n", "int"),
  { ...field("u", "int"), unsigned: true },
  field("f", "float"),
  field("d", "duration"),
  { ...field("size", "bytes"), unsigned: true },
  field("when", "time"),
  field("id", "pid"),
  field("text", "string"),
  field("yes", "bool"),
  { ...field("at", "address"), unsigned: true },
  field("trace", "stack"),
];
const NAMES = FIELDS.slice(2).map((f) => f.name);
const KEYS = [{ name: "key", expr: ref("key") }, { name: "tag", expr: ref("tag") }];

/** Constants behind the first argument. An aggregation that needs some and is not here is not covered. */
const CONSTANTS: Readonly<Record<string, readonly Expr[]>> = {
  quantile: [literal(0.8, "float")],
  hist: [literal(4n)],
  lhist: [literal(-10n), literal(10n), literal(3n)],
  topk: [literal(3n)],
};

/** Those that the property below is known to prove. */
const COVERED =
  "count distinct topk sum avg share rate stddev min max first last p50 p75 p90 p95 p99 p999 quantile hist lhist";

function ref(name: string): Expr {
  const f = FIELDS.find((f) => f.name === name)!;
  return { op: "field", name, t: { type: f.type, unit: f.unit, ...(f.unsigned && { unsigned: true }) } };
}

/** The aggregation over each column that it takes. */
function calls(fn: string): AggregateSpec[] {
  const args = [
    ...(AGGREGATES.get(fn)!.minArgs === 0 ? [[]] : []),
    ...NAMES.map((name) => [ref(name), ...(CONSTANTS[fn] ?? [])]),
    ...(fn === "first" || fn === "last" ? NAMES.flatMap((by) => [[ref("text"), ref(by)], [ref("f"), ref(by)]]) : []),
  ];
  return args.filter((a) => !isProblem(aggregateType(fn, a.map((e) => e.t))))
    .map((a, i) => ({ fn, args: a, name: `${fn}_${i}` }));
}

type Row = readonly Cell[];

function batchOf(rows: readonly Row[]): Batch {
  const columns = FIELDS.map((f, i) => columnFrom(rows.map((r) => r[i]), f.unsigned));
  return { length: rows.length, fields: FIELDS, columns };
}

const orNull = <T extends Cell>(a: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(a, { freq: 6 });
const signed = orNull(fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
));
const unsigned = orNull(fc.oneof(fc.nat({ max: 50 }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })));
const float = orNull(fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 3, arbitrary: fc.double({ min: -1e150, max: 1e150, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324) },
));
const text = orNull(fc.oneof(fc.constantFrom("", "a", "ä", "zz"), fc.string({ maxLength: 4 })));
const stack = orNull(fc.constantFrom("main", "read", "write").map((name) => [{ function: name, module: "m" }]));
const row: fc.Arbitrary<Row> = fc.tuple(
  orNull(fc.constantFrom("a", "b", "")),
  orNull(fc.constantFrom<Cell>(1, 1n, 70_000, 2n ** 60n)),
  signed,
  unsigned,
  float,
  signed,
  unsigned,
  orNull(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n })),
  orNull(fc.nat({ max: 9 })),
  text,
  orNull(fc.boolean()),
  unsigned,
  stack,
);

/** Where rows are cut into parts, these into batches, and which neighbours of the parts are merged first. */
interface Cuts {
  readonly parts: readonly number[];
  readonly batches: readonly number[];
  readonly merges: readonly number[];
}
const cuts: fc.Arbitrary<Cuts> = fc.record({
  parts: fc.array(fc.nat({ max: 80 }), { maxLength: 6 }),
  batches: fc.array(fc.nat({ max: 80 }), { maxLength: 3 }),
  merges: fc.array(fc.nat({ max: 6 }), { minLength: 6, maxLength: 6 }),
});

function slices<T>(list: readonly T[], at: readonly number[]): T[][] {
  const bounds = [0, ...at.filter((c) => c < list.length).toSorted((a, b) => a - b), list.length];
  return bounds.slice(1).map((end, i) => list.slice(bounds[i], end));
}

function aggregated(spec: AggregationSpec, rows: readonly Row[], batches: readonly number[]): RunningAggregation {
  const running = openAggregation(spec, FIELDS);
  for (const part of slices(rows, batches)) running.add(batchOf(part));
  return running;
}

function inSequence(parts: readonly RunningAggregation[], spec: AggregationSpec): RunningAggregation {
  const all = openAggregation(spec, FIELDS);
  for (const part of parts) all.merge(part);
  return all;
}

function asTree(parts: readonly RunningAggregation[], merges: readonly number[]): RunningAggregation {
  const left = [...parts];
  for (let step = 0; left.length > 1; step++) {
    const at = (merges[step % merges.length] ?? 0) % (left.length - 1);
    left[at].merge(left[at + 1]);
    left.splice(at + 1, 1);
  }
  return left[0];
}

Deno.test("every aggregation is covered by the property of merging", () => {
  assert.deepEqual([...AGGREGATES.keys()].sort(), COVERED.split(" ").sort());
  for (const name of AGGREGATES.keys()) assert.ok(calls(name).length > 1, `${name} is tried with no column`);
});

for (const [name, { merges }] of AGGREGATES) {
  Deno.test(`${name}: random parts, merged in sequence and as a tree, are the whole (${merges})`, () => {
    const aggregates = calls(name);
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 80, size: "max" }),
        cuts,
        fc.constantFrom(0, 1, 2),
        (rows, { parts, batches, merges }, keys) => {
          const spec: AggregationSpec = { keys: KEYS.slice(0, keys), aggregates };
          const whole = recordsOf(aggregated(spec, rows, []).result(WINDOW_NS));
          const states = (): RunningAggregation[] => slices(rows, parts).map((part) => aggregated(spec, part, batches));
          for (const merged of [inSequence(states(), spec), asTree(states(), merges)]) {
            assert.equal(merged.rows, rows.length);
            const got = recordsOf(merged.result(WINDOW_NS));
            assert.deepEqual(got.map((r) => [r.key, r.tag]), whole.map((r) => [r.key, r.tag]));
            for (const [i, record] of got.entries()) {
              const mine = rows.filter((r) => KEYS.slice(0, keys).every((k, at) => sameKey(r[at], whole[i][k.name])));
              for (const a of aggregates) assertMerged(a, record[a.name], whole[i][a.name], mine, rows);
            }
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
}

function sameKey(a: Cell, b: Cell): boolean {
  return a === null || b === null ? a === b : String(a) === String(b);
}

function assertMerged(a: AggregateSpec, got: Cell, whole: Cell, rows: readonly Row[], all: readonly Row[]): void {
  const arg = a.args[0];
  const { merges } = AGGREGATES.get(a.fn)!;
  const exact = merges === "exact" || merges === "bit-equal" ||
    (a.fn !== "stddev" && !(arg && isFloatType(arg.t.type)));
  const values = (of: readonly Row[]): Cell[] =>
    arg?.op === "field" ? of.map((r) => r[FIELDS.findIndex((f) => f.name === arg.name)]).filter((v) => v !== null) : [];
  if (merges === "within its bound") assertFrequent(got, values(rows), topkCounters(3));
  else if (exact || got === null || whole === null) assert.deepEqual(got, whole, a.name);
  else assertNear(a, Number(got), Number(whole), values(rows).map(Number), values(all).map(Number));
}

/** Floats: within 1e-12 of the sum of the magnitudes that went in. */
function assertNear(
  a: AggregateSpec,
  got: number,
  whole: number,
  mine: readonly number[],
  all: readonly number[],
): void {
  const sum = (list: readonly number[]): number => list.reduce((s, v) => s + v, 0);
  const magnitude = sum(mine.map(Math.abs));
  let tolerance = magnitude;
  if (a.fn === "share") {
    const total = Math.abs(sum(all)), allMagnitude = sum(all.map(Math.abs));
    // What is divided by may nearly cancel.
    tolerance = (magnitude + allMagnitude * Math.abs(whole)) / total;
    if (!(total > 1e-3 * allMagnitude)) return;
  }
  if (a.fn === "stddev") {
    // Of the squares: a root halves the digits. Whole numbers of nanoseconds and bytes are rounded after it.
    tolerance = sum(mine.map((v) => v * v)) / mine.length;
    const rounded = a.args[0].t.type !== "float" && a.args[0].t.type !== "int" ? 1 : 0;
    if (Math.abs(got - whole) <= rounded) return;
    [got, whole] = [got * got, whole * whole];
  }
  // Where doubles overflow, the order in which they are added decides.
  if (Number.isFinite(sum(mine)) && !Number.isFinite(tolerance)) return;
  if (!Number.isFinite(whole)) return assert.ok(Object.is(got, whole), `${a.name}: ${got} is not ${whole}`);
  // Squares of tiny values have few digits left.
  assert.ok(Math.abs(got - whole) <= 1e-12 * tolerance + 1e-300, `${a.name}: ${got} is not ${whole} (of ${mine})`);
}

/** Counts are not too great, at most n / (counters + 1) too small, and exact while all values have a counter. */
function assertFrequent(got: Cell, values: readonly Cell[], counters: number): void {
  const key = (v: Cell): string =>
    typeof v === "object" ? JSON.stringify(v) : typeof v === "boolean" ? `${+v}` : `${v}`;
  const real = new Map<string, number>();
  for (const v of values) real.set(key(v), (real.get(key(v)) ?? 0) + 1);
  const bound = real.size <= counters ? 0 : values.length / (counters + 1);
  const counts = [...real.values()].sort((a, b) => b - a);
  if (got === null) return assert.ok((counts[0] ?? 0) <= bound, `nothing is frequent of ${counts}`);
  // Texts may hold commas and blanks: the counts are looked for behind the values that there are.
  let rest = String(got);
  for (let place = 0; rest !== ""; place++) {
    const found = [...real.keys()].filter((k) => rest.startsWith(`${k} `)).map((k) => {
      const count = rest.slice(k.length).match(/^ ≥?(\d+)(?:, |$)/);
      return count && { k, count: Number(count[1]), length: k.length + count[0].length };
    }).find((m) => m && m.count <= real.get(m.k)! && m.count >= real.get(m.k)! - bound);
    assert.ok(found, `${got} of ${JSON.stringify([...real])}`);
    if (bound === 0) assert.equal(found.count, counts[place], `${got}`);
    rest = rest.slice(found.length);
  }
}

Deno.test("distinct and topk keep what they promise where values are many, however they were split", () => {
  const spec: AggregationSpec = {
    keys: [],
    aggregates: [...calls("distinct"), ...calls("topk")].filter((a) =>
      ["n", "text"].includes((a.args[0] as { name: string }).name)
    ),
  };
  const many = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 500, maxLength: 5000, size: "max" });
  const values = fc.oneof(many, many.map((list) => list.map((v) => Math.floor(v * v / 1e9))));
  fc.assert(
    fc.property(values, fc.array(fc.nat({ max: 5000 }), { maxLength: 6 }), cuts, (numbers, parts, { merges }) => {
      const rows = numbers.map((v): Row =>
        FIELDS.map((f) => f.name === "n" ? v : f.name === "text" ? `text ${v}` : null)
      );
      const whole = recordsOf(aggregated(spec, rows, []).result())[0];
      const states = (): RunningAggregation[] => slices(rows, parts).map((part) => aggregated(spec, part, []));
      for (const merged of [inSequence(states(), spec), asTree(states(), merges)]) {
        const [got] = recordsOf(merged.result());
        for (const a of spec.aggregates) assertMerged(a, got[a.name], whole[a.name], rows, rows);
      }
    }),
    { numRuns: Math.max(1, RUNS / 4), endOnFailure: true },
  );
});
