import assert from "node:assert/strict";
import fc from "fast-check";
import { HEAT_LEVELS, heatLevel, heatLevels } from "./heat_levels.ts";

Deno.test("heatLevels() begin at 1, ascend, and give the most the last shade", () => {
  assert.deepEqual(heatLevels(0), []);
  assert.deepEqual(heatLevels(3), [1, 2, 3]);
  assert.deepEqual([1, 2, 3].map((n) => heatLevel(n, heatLevels(3))), [1, 5, 9]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (max, q) => {
    const levels = heatLevels(max);
    assert.equal(levels[0], 1);
    levels.forEach((l, i) => assert.ok(i === 0 || l > levels[i - 1]));
    assert.equal(heatLevel(max, levels), HEAT_LEVELS);
    assert.ok(heatLevel(Math.ceil(q * max), levels) <= HEAT_LEVELS);
    assert.equal(heatLevel(0, levels), 0);
  }));
});
