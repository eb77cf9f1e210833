import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, field, recordsOf, tableFromRows } from "../../core/data/mod.ts";
import { concatBatches, fieldRef, literal } from "../../core/query/mod.ts";
import type { StagePlan } from "../plan.ts";
import { openMoreStages } from "./more_stages.ts";
import { applyStage, stageRunner } from "./stage_runner.ts";

const FIELDS = [field("n", "int"), field("s", "string"), field("b", "bytes")];

function batch(rows: readonly (readonly unknown[])[]): Batch {
  return tableFromRows(FIELDS, rows);
}

const ROW = fc.tuple(
  fc.option(fc.integer({ min: -50, max: 50 })),
  fc.option(fc.constantFrom("a", "b", "c")),
  fc.option(fc.bigInt(0n, 1n << 60n)),
);

const N = fieldRef("n", "int");
const STAGES: readonly (readonly StagePlan[])[] = [
  [],
  [{ kind: "filter", expr: { op: "binary", fn: ">", left: N, right: literal(0), t: { type: "bool", unit: null } } }],
  [{ kind: "limit", count: literal(5) }],
  [{
    kind: "top",
    count: literal(3),
    keys: [{ expr: N, descending: true }, { expr: fieldRef("s", "string"), descending: false }],
  }],
  [{ kind: "distinct", columns: [{ name: "s", expr: fieldRef("s", "string") }] }, { kind: "limit", count: literal(2) }],
  [
    {
      kind: "aggregate",
      keys: [{ name: "s", expr: fieldRef("s", "string") }],
      aggregates: [{ fn: "sum", args: [N], name: "sum" }],
    },
    { kind: "sort", keys: [{ expr: fieldRef("s", "string"), descending: false }] },
  ],
];

Deno.test("stages over many batches give the rows of the same stages over one", () => {
  fc.assert(fc.property(fc.array(fc.array(ROW, { maxLength: 8 }), { maxLength: 6 }), (parts) => {
    const all = batch(parts.flat());
    for (const stages of STAGES) {
      const runner = stageRunner(stages, FIELDS);
      for (const part of parts) runner.push(batch(part));
      const expected = stages.reduce<Batch>((b, stage) => applyStage(b, stage), all);
      assert.deepEqual(recordsOf(runner.finish(0).batch).map(plain), recordsOf(expected).map(plain));
    }
  }));
});

/** Integers are number or bigint by what else is in their column. */
function plain(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, typeof v === "number" ? BigInt(v) : v]));
}

Deno.test("concatBatches() keeps nulls, texts and integers beyond 2^53", () => {
  const parts = [batch([[1, "a", null], [null, null, 5n]]), batch([[2, "b", (1n << 53n) + 1n]]), batch([])];
  assert.deepEqual(recordsOf(concatBatches(FIELDS, parts)).map(plain), [
    { n: 1n, s: "a", b: null },
    { n: null, s: null, b: 5n },
    { n: 2n, s: "b", b: (1n << 53n) + 1n },
  ]);
  assert.deepEqual(concatBatches(FIELDS, []).columns.map((c) => c.kind), ["number", "string", "number"]);
});

Deno.test("rows over the limit are counted as lost, and those before a top are not", () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => [i, "a", i]);
  const plain = stageRunner([], FIELDS, null, 10_000);
  for (let i = 0; i < rows.length; i += 1000) plain.push(batch(rows.slice(i, i + 1000)));
  const kept = plain.finish(0);
  assert.equal(kept.batch.length, 10_000);
  assert.deepEqual(kept.effects.lostBy, { row_limit: 20_000 });
  const top = stageRunner(
    [{ kind: "top", count: literal(2), keys: [{ expr: N, descending: true }] }],
    FIELDS,
    null,
    12_000,
  );
  for (let i = 0; i < rows.length; i += 1000) top.push(batch(rows.slice(i, i + 1000)));
  const best = top.finish(0);
  assert.deepEqual(recordsOf(best.batch).map((r) => r.n), [29_999, 29_998]);
  assert.deepEqual(best.effects.lostBy, {});
});

Deno.test("a runner is full when its limit has all its rows", () => {
  const runner = stageRunner([{ kind: "limit", count: literal(2) }, {
    kind: "select",
    columns: [{ name: "n", expr: N }],
  }], FIELDS);
  runner.push(batch([[1, "a", 1]]));
  assert.equal(runner.full, false);
  runner.push(batch([[2, "a", 1], [3, "a", 1]]));
  assert.equal(runner.full, true);
  assert.deepEqual(recordsOf(runner.finish(0).batch), [{ n: 1 }, { n: 2 }]);
});

Deno.test("sample of a number of rows takes from all that come, not from those that a store has room for", () => {
  const stages: StagePlan[] = [{ kind: "sample", size: literal(50) }];
  const runner = stageRunner(stages, FIELDS, openMoreStages(new Map(), new Map()), 100);
  const part = (first: number): Batch => batch(Array.from({ length: 100 }, (_, i) => [first + i, "a", null]));
  for (let i = 0; i < 100; i++) runner.push(part(i * 100));
  const { batch: rows, effects } = runner.finish(0);
  const numbers = recordsOf(rows).map((r) => Number(r.n));
  assert.equal(numbers.length, 50);
  // The chance that none of fifty is of the upper half is 2^-50.
  assert.ok(Math.max(...numbers) >= 5_000);
  assert.deepEqual([effects.sampling, effects.samples, effects.lostBy], [50 / 10_000, [50], {}]);
});
