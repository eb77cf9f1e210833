import assert from "node:assert/strict";
import fc from "fast-check";
import { createStackTable } from "./stack_table.ts";

const sample = fc.record({
  chain: fc.array(fc.constantFrom(0, 1, 2, 0xffffffff), { maxLength: 5 }),
  space: fc.nat(2),
  label: fc.nat(2),
  weight: fc.nat(1000),
});

Deno.test("a stack table counts as a Map keyed by everything does", () => {
  fc.assert(fc.property(fc.array(sample, { maxLength: 300 }), (samples) => {
    const table = createStackTable();
    const expected = new Map<string, [number, number]>();
    for (const { chain, space, label, weight } of samples) {
      const number = table.add(Uint32Array.from([9, 9, ...chain, 9]), 2, chain.length, space, label, weight);
      const key = `${space} ${label} ${chain}`;
      assert.equal(number, expected.has(key) ? [...expected.keys()].indexOf(key) : expected.size);
      const [count, sum] = expected.get(key) ?? [0, 0];
      expected.set(key, [count + 1, sum + weight]);
    }
    const got = new Map<string, [number, number]>();
    table.each((e) => got.set(`${e.space} ${e.label} ${[...e.words]}`, [e.count, e.weight]));
    assert.deepEqual(got, expected);
    assert.equal(table.size, expected.size);
  }));
});

Deno.test("a stack table keeps many stacks apart while it grows", () => {
  const table = createStackTable();
  const words = new Uint32Array(8);
  const n = 50_000;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < n; i++) {
      words.fill(i);
      table.add(words, 0, 8, 0, 0, 1);
    }
  }
  assert.equal(table.size, n);
  table.each((e) => assert.ok(e.count === 2 && e.words.every((w) => w === e.words[0])));
});

Deno.test("a full stack table refuses new stacks and still counts those it has", () => {
  const table = createStackTable(4);
  assert.equal(table.add(Uint32Array.of(1, 2, 3), 0, 3, 0, 0, 1), 0);
  assert.equal(table.add(Uint32Array.of(4, 5), 0, 2, 0, 0, 1), -1);
  assert.equal(table.add(Uint32Array.of(1, 2, 3), 0, 3, 0, 0, 1), 0);
  assert.equal(table.size, 1);
});
