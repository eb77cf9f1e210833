import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, type Column, type Field, recordsOf } from "../../core/data/mod.ts";
import { aggregateBatch, type AggregateSpec, type Expr, literal, type NamedExpr } from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../../tests/skip.ts";
import { aggregateRows } from "../decode/aggregate_rows.ts";
import { NO_MEANINGS } from "../decode/struct_reader.ts";
import { readMap } from "../kernel/map.ts";
import { testRun } from "../kernel/program.ts";
import { loadForTest, RAW_SOURCE, rawFinder, TEST_MACHINE } from "../testing/raw_target.ts";
import { bin, f } from "../testing/specs.ts";
import { MAP } from "./gen.ts";
import { planProbe } from "./plan.ts";

const CPUS = navigator.hardwareConcurrency;
const key = f("args.0", "int"), signed = f("args.1", "int"), unsigned = f("args.2", "int u");
/** Null where the key is 0. */
const sometimes = bin("%", signed, key);
const FIELDS: readonly Field[] = [
  { name: "args.0", type: "int", unit: null },
  { name: "args.1", type: "int", unit: null },
  { name: "args.2", type: "int", unit: null, unsigned: true },
];

const aggregates: AggregateSpec[] = [
  { fn: "count", args: [], name: "count" },
  ...Object.entries({ signed, unsigned, sometimes }).flatMap(([name, arg]): AggregateSpec[] => [
    ...["count", "sum", "min", "max", "avg", "p50", "p99", "hist"].map((fn) => ({
      fn,
      args: [arg],
      name: `${fn}_${name}`,
    })),
    { fn: "lhist", args: [arg, literal(-50n), literal(100n), literal(7n)], name: `lhist_${name}` },
    { fn: "quantile", args: [arg, literal(0.3, "float")], name: `q_${name}` },
    { fn: "hist", args: [arg, literal(8)], name: `hist8_${name}` },
  ]),
];

function inKernel(keys: readonly NamedExpr[], rows: readonly (readonly bigint[])[]): Batch {
  const plan = planProbe(
    {
      source: RAW_SOURCE,
      steps: [],
      output: { kind: "aggregate", keys, aggregates, maxKeys: 64 },
      includeSelf: true,
    },
    rawFinder(),
    { ...TEST_MACHINE, cpus: CPUS },
  );
  assert.ok(plan.output.kind === "aggregate");
  using loaded = loadForTest(plan);
  const args = new BigUint64Array(new ArrayBuffer(96));
  rows.forEach((row, i) => {
    row.forEach((v, a) => args[a] = v);
    testRun(loaded.programs[0].fd, args, i % CPUS);
  });
  const read = (name: string): ReturnType<typeof readMap> => {
    const { fd, spec } = loaded.maps.get(name)!;
    return readMap(fd.fd, spec, CPUS);
  };
  const [{ keys: layout, states }] = plan.output.tables;
  const { batch, events } = aggregateRows(
    { states: read(MAP.aggregate), buckets: read(MAP.buckets) },
    { keys: layout, states, aggregates, maxKeys: 64, cpus: CPUS, durationNs: 1 },
    NO_MEANINGS,
  );
  assert.equal(events, rows.length);
  return batch;
}

function inTypeScript(keys: readonly NamedExpr[], rows: readonly (readonly bigint[])[]): Batch {
  const columns = FIELDS.map((field, i): Column => ({
    kind: "big",
    values: field.unsigned ? BigUint64Array.from(rows, (r) => r[i]) : BigInt64Array.from(rows, (r) => r[i]),
  }));
  return aggregateBatch({ length: rows.length, fields: FIELDS, columns }, { keys, aggregates });
}

/** Rows in an order of their own, integers as bigint. */
function comparable(batch: Batch): unknown[] {
  const plain = (cell: Cell): unknown => typeof cell === "number" && Number.isInteger(cell) ? BigInt(cell) : cell;
  const rows = recordsOf(batch).map((r) => Object.entries(r).map(([name, cell]) => [name, plain(cell)]));
  const text = (x: unknown): string => JSON.stringify(x, (_, v) => typeof v === "bigint" ? `${v}n` : v);
  return rows.sort((x, y) => text(x[0]) < text(y[0]) ? -1 : 1);
}

const EDGES = [0n, 1n, -1n, 127n, 128n, 129n, (1n << 53n) - 1n, (1n << 63n) - 1n, -(1n << 63n), (1n << 64n) - 1n];
const value = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.integer().map(BigInt),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
);
const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }).map(BigInt), value, value), { maxLength: 60 });

for (const [what, keys] of [["by key", [{ name: "key", expr: key as Expr }]], ["of all events", []]] as const) {
  Deno.test(`aggregates kept in the kernel on all CPUs are those of the same rows here, ${what}`, () => {
    if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
    fc.assert(
      fc.property(rows, (rows) => {
        const mine = inKernel(keys, rows), theirs = inTypeScript(keys, rows);
        assert.deepEqual(mine.fields, theirs.fields);
        assert.deepEqual(comparable(mine), comparable(theirs));
      }),
      { numRuns: 40 },
    );
  });
}
