import assert from "node:assert/strict";
import { type Batch, columnFrom, field } from "../data/mod.ts";
import { openReservoir, openRowSample } from "./sample_batch.ts";

const FIELDS = [field("n", "int")];
/** The numbers from `from` to below `to`. */
function numbers(from: number, to: number): Batch {
  const column = columnFrom(Array.from({ length: to - from }, (_, i) => from + i));
  return { length: to - from, fields: FIELDS, columns: [column] };
}
const cells = (batch: Batch): number[] => Array.from((batch.columns[0] as { values: Float64Array }).values);
const ascending = (v: readonly number[]): boolean => v.every((x, i) => i === 0 || v[i - 1] < x);

Deno.test("openRowSample() takes each row with its probability, in order, the same for the same seed", () => {
  const batch = numbers(0, 100_000);
  const taken = cells(openRowSample(0.1, 5).apply(batch));
  // Five standard deviations of the binomial distribution.
  assert.ok(Math.abs(taken.length - 10_000) < 5 * Math.sqrt(100_000 * 0.1 * 0.9), String(taken.length));
  assert.ok(ascending(taken));
  const again = openRowSample(0.1, 5);
  assert.deepEqual([numbers(0, 777), numbers(777, 100_000)].flatMap((b) => cells(again.apply(b))), taken);
  assert.notDeepEqual(cells(openRowSample(0.1, 6).apply(batch)), taken);
  assert.notDeepEqual(cells(openRowSample(0.1).apply(batch)), cells(openRowSample(0.1).apply(batch)));
  // Neighbours are taken independently: pairs are as frequent as the square of the probability.
  const set = new Set(taken);
  const pairs = taken.filter((n) => set.has(n + 1)).length;
  assert.ok(Math.abs(pairs - 1000) < 5 * Math.sqrt(1000), String(pairs));
});

Deno.test("openRowSample() takes all at 1 and none at 0", () => {
  assert.equal(openRowSample(1, 1).apply(numbers(0, 1000)).length, 1000);
  assert.equal(openRowSample(0, 1).apply(numbers(0, 1000)).length, 0);
});

Deno.test("openReservoir() keeps all rows while there are no more, in order", () => {
  const reservoir = openReservoir(10, 1);
  assert.equal(reservoir.rows(FIELDS).length, 0);
  reservoir.add(numbers(0, 4));
  reservoir.add(numbers(4, 10));
  assert.deepEqual(cells(reservoir.rows(FIELDS)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(reservoir.seen, 10);
});

Deno.test("openReservoir() keeps each row equally often, wherever batches end", () => {
  const rows = 60, keep = 6, runs = 5000;
  const batches = [[0, 3], [3, 4], [4, 31], [31, 31], [31, 60]].map(([from, to]) => numbers(from, to));
  const counts = new Float64Array(rows);
  for (let seed = 0; seed < runs; seed++) {
    const reservoir = openReservoir(keep, seed);
    batches.forEach((b) => reservoir.add(b));
    const taken = cells(reservoir.rows(FIELDS));
    assert.ok(taken.length === keep && ascending(taken));
    for (const n of taken) counts[n]++;
  }
  const expected = runs * keep / rows;
  const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 59 degrees of freedom: 0.1 % lie above 98.
  assert.ok(chiSquare < 98, String(chiSquare));
});

Deno.test("openReservoir() lets go of batches, and keeps the order, over many rows", () => {
  const reservoir = openReservoir(1000, 3);
  for (let i = 0; i < 400; i++) reservoir.add(numbers(i * 2500, (i + 1) * 2500));
  const taken = cells(reservoir.rows(FIELDS));
  assert.ok(reservoir.seen === 1e6 && taken.length === 1000 && ascending(taken));
  // Mean of a uniform sample, within five standard errors.
  const mean = taken.reduce((a, b) => a + b, 0) / 1000;
  assert.ok(Math.abs(mean - 5e5) < 5 * 1e6 / Math.sqrt(12 * 1000), String(mean));
});

Deno.test("openReservoir() of no rows keeps none", () => {
  const reservoir = openReservoir(0, 1);
  reservoir.add(numbers(0, 5));
  assert.deepEqual([reservoir.rows(FIELDS).length, reservoir.seen], [0, 5]);
});
