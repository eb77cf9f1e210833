import assert from "node:assert/strict";
import { type Batch, columnFrom, field, recordsOf } from "../../core/data/mod.ts";
import { fieldRef } from "../../core/query/mod.ts";
import { detectFields, detectRows } from "./detect_rows.ts";

function batchOf(rows: readonly (readonly [string, unknown])[]): Batch {
  return {
    length: rows.length,
    fields: [field("comm", "string"), field("d", "duration", "How long")],
    columns: [columnFrom(rows.map((r) => r[0])), columnFrom(rows.map((r) => r[1]))],
  };
}
const d = fieldRef("d", "duration"), comm = fieldRef("comm", "string");

Deno.test("detectRows() looks at each key's rows alone and keeps all rows in their order", () => {
  const rows = Array.from({ length: 40 }, (_, i) => [i % 2 ? "slow" : "fast", i % 2 ? 1000 : 10] as const);
  const spiked = rows.with(20, ["fast", 1000]);
  const got = recordsOf(detectRows(batchOf(spiked), { value: d, method: "mad", threshold: 3.5, keys: [comm] }));
  assert.deepEqual(got.map((r) => [r.comm, r.d]), spiked);
  assert.deepEqual(got.map((r) => r.expected), rows.map((r) => r[1]));
  assert.deepEqual(got.flatMap((r, i) => r.anomaly ? [i] : []), [20]);
  const alone = recordsOf(detectRows(batchOf(spiked), { value: d, method: "mad", threshold: 3.5, keys: [] }));
  assert.deepEqual(alone.map((r) => r.anomaly), Array(40).fill(0));
});

Deno.test("detectRows(): null has neither expected value nor score, 64-bit values are taken, durations stay whole", () => {
  const big = 2n ** 60n;
  const rows = [...Array(6).fill(null).map((_, i) => ["a", big + BigInt(i)] as const), ["a", null] as const];
  const got = recordsOf(detectRows(batchOf(rows), { value: d, method: "mad", threshold: 3.5, keys: [] }));
  assert.deepEqual([got[6].expected, got[6].score, got[6].anomaly], [null, null, 0]);
  assert.equal(got[0].expected, Number(big));
  const halves = recordsOf(
    detectRows(batchOf([["a", 1], ["a", 2]]), { value: d, method: "mad", threshold: 3.5, keys: [] }),
  );
  assert.deepEqual(halves.map((r) => r.expected), [2, 2]);
});

Deno.test("detectFields() are those of the rows, typed as a mean of the value; taken names are replaced in place", () => {
  const input: Batch = { ...batchOf([["a", 1]]), fields: [field("score", "string"), field("d", "duration")] };
  const got = detectRows(input, { value: d, method: "ema", threshold: 3, keys: [] });
  assert.deepEqual(got.fields.map((f) => `${f.name}: ${f.type}`), [
    "score: float",
    "d: duration",
    "expected: duration",
    "anomaly: bool",
  ]);
  assert.deepEqual(detectFields({ type: "int", unit: "count" })[0], field("expected", "float", undefined, "count"));
  assert.throws(() => detectFields({ type: "pid", unit: null }), TypeError);
  assert.equal(detectRows(batchOf([]), { value: d, method: "mad", threshold: 3, keys: [] }).length, 0);
});
