import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, columnFrom, field, type FieldType, quality } from "../data/mod.ts";
import { seriesOf } from "./series_of.ts";

function batchOf(columns: readonly [string, FieldType, readonly unknown[]][]): Batch {
  return {
    length: columns[0][2].length,
    fields: columns.map(([name, type]) => field(name, type)),
    columns: columns.map(([, , cells]) => columnFrom(cells)),
  };
}
const Q = quality({ events: 3 });
const T0 = 1_700_000_000_123_456_789n;

Deno.test("seriesOf(): a line for each combination of keys, points by time, exact to the nanosecond", () => {
  const batch = batchOf([
    ["time", "time", [T0 + 7n, T0 + 3n, T0, T0 + 1_000_000_001n, T0 + 3n]],
    ["comm", "string", ["a", "b", "a", "a", "b"]],
    ["cpu", "int", [0, 1, 0, 0, 1]],
    ["rss", "bytes", [10, 20, 30, 40, 50]],
  ]);
  assert.deepEqual(seriesOf(batch, { time: "time", value: "rss", keys: ["comm", "cpu"], unit: "bytes" }, Q), {
    kind: "series",
    unit: "bytes",
    startNs: T0,
    points: [
      { name: "a, 0", tNs: [0, 7, 1_000_000_001], v: [30, 10, 40] },
      { name: "b, 1", tNs: [3, 3], v: [20, 50] },
    ],
    quality: Q,
  });
});

Deno.test("seriesOf() without keys is one line with the value's name; rows without time or value are left out", () => {
  const batch = batchOf([
    ["t", "time", [5, null, 9, 7, 8]],
    ["v", "float", [1, 2, null, NaN, 4]],
    ["k", "bool", [1, 1, 0, null, null]],
    ["a", "address", [2n ** 63n, 1, 1, 1, 255]],
  ]);
  const spec = { time: "t", value: "v", keys: [], unit: null };
  const one = seriesOf(batch, spec, Q);
  assert.deepEqual([one.startNs, one.points], [5n, [{ name: "v", tNs: [0, 3], v: [1, 4] }]]);
  const named = seriesOf(batch, { ...spec, keys: ["k"] }, Q).points.map((p) => p.name);
  // The line of which nothing was measured is not there.
  assert.deepEqual(named, ["true", "null"]);
  assert.deepEqual(seriesOf(batch, { ...spec, keys: ["a"] }, Q).points.at(-1)?.name, "0xff");
  const none = seriesOf(batchOf([["t", "time", []], ["v", "float", []]]), spec, Q);
  assert.deepEqual([none.startNs, none.points], [0n, []]);
  assert.throws(() => seriesOf(batch, { ...spec, value: "w" }, Q), /"w"/);
});

Deno.test("seriesOf() keeps every point of every key", () => {
  const row = fc.tuple(fc.bigInt({ min: T0, max: T0 + 1000n }), fc.constantFrom("a", "b", "c"), fc.integer());
  fc.assert(fc.property(fc.array(row, { minLength: 1 }), (rows) => {
    const batch = batchOf([0, 1, 2].map((i) => {
      return [["t", "time"], ["k", "string"], ["v", "int"]][i].concat([rows.map((r) => r[i])] as never) as never;
    }));
    const { startNs, points } = seriesOf(batch, { time: "t", value: "v", keys: ["k"], unit: null }, Q);
    const flat = points.flatMap((p) => p.tNs.map((t, i) => `${startNs + BigInt(t)} ${p.name} ${p.v[i]}`));
    assert.deepEqual(flat.sort(), rows.map((r) => r.join(" ")).sort());
    for (const p of points) assert.ok(p.tNs.every((t, i) => i === 0 || p.tNs[i - 1] <= t));
  }));
});
