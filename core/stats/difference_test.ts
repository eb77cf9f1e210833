import assert from "node:assert/strict";
import { amountDifference, shareDifference } from "./difference.ts";

/** A generator of numbers in [0, 1) that repeats (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

Deno.test("shareDifference() agrees with the examples of Newcombe 1998, table II, method 10", () => {
  const cases: [[number, number], [number, number], number, number][] = [
    [[48, 80], [56, 70], 0.0524, 0.3339],
    [[3, 10], [9, 10], 0.1705, 0.809],
    [[0, 29], [5, 56], -0.0381, 0.1926],
    [[2, 7], [6, 7], 0.0582, 0.8062],
    [[0, 20], [10, 10], 0.6791, 1],
    [[0, 10], [0, 20], -0.2775, 0.1611],
    [[0, 10], [10, 10], 0.6075, 1],
  ];
  for (const [[h0, n0], [h1, n1], low, high] of cases) {
    const interval = shareDifference(h0, n0, h1, n1);
    assert.ok(Math.abs(interval.low - low) < 6e-5, `${interval.low} is not ${low}`);
    assert.ok(Math.abs(interval.high - high) < 6e-5, `${interval.high} is not ${high}`);
  }
});

Deno.test("both intervals hold the true difference as often as they say", () => {
  const rand = random(3);
  const draw = (p: number, n: number): number => {
    let hits = 0;
    for (let i = 0; i < n; i++) if (rand() < p) hits++;
    return hits;
  };
  let shares = 0;
  let amounts = 0;
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [draw(0.12, 300), draw(0.2, 500)];
    const s = shareDifference(a, 300, b, 500);
    if (s.low <= 0.08 && s.high >= 0.08) shares++;
    // Counts of rare events are Poisson's: 36 and 60 are expected.
    const [c, d] = [draw(0.012, 3000), draw(0.02, 3000)];
    const m = amountDifference(c, 10, d, 10);
    if (m.low <= 240 && m.high >= 240) amounts++;
  }
  assert.ok(shares / 2000 > 0.935 && shares / 2000 < 0.97, `${shares}`);
  assert.ok(amounts / 2000 > 0.93 && amounts / 2000 < 0.97, `${amounts}`);
});
