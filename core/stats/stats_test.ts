import assert from "node:assert/strict";
import fc from "fast-check";
import { brierScore } from "./brier.ts";
import { type Cusum, cusum, CUSUM_START } from "./cusum.ts";
import { ema, EMA_START } from "./ema.ts";
import { samplingError, wilson } from "./proportion.ts";
import * as simple from "simple-statistics";
import { percentile, quartiles, robustZ } from "./robust.ts";
import { robustCenter } from "./robust_center.ts";

const near = (a: number, b: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

Deno.test("robustCenter() is unmoved by fewer than half outliers and ignores what is not finite", () => {
  const clean = [9, 10, 10, 11, 10, 9, 11];
  assert.equal(robustCenter([...clean, 1e9, NaN, Infinity, 1e9])?.median, 10);
  near(robustCenter(clean)!.sigma, 1.482602218505602);
  assert.equal(robustCenter([NaN]), null);
});

Deno.test("robustCenter() is the median and the scaled median absolute deviation of simple-statistics", () => {
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(fc.property(fc.array(value, { minLength: 1 }), (values) => {
    const { median, sigma } = robustCenter(values)!;
    near(median, simple.median(values), 1e-6);
    near(sigma, 1.482602218505602 * simple.medianAbsoluteDeviation(values), 1e-6);
  }));
});

Deno.test("robustZ() counts standard deviations from the median", () => {
  near(robustZ(16, [8, 9, 10, 11, 12])!, 6 / 1.482602218505602);
  assert.equal(robustZ(1, []), null);
  assert.equal(robustZ(5, [5, 5, 5]), 0);
  assert.ok(robustZ(6, [5, 5, 5], 0.5) === 2);
});

Deno.test("quartiles() are those of R (type 7), with Tukey's fences", () => {
  const q = quartiles([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(q, { q1: 2.75, median: 4.5, q3: 6.25, low: -2.5, high: 11.5 });
  assert.equal(quartiles([]), null);
});

Deno.test("percentile() is the nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(values, 0.07), 7);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile(values, 0), 1);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile([], 0.5), null);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (v, q) => {
      const p = percentile(v, q)!;
      assert.ok(v.filter((x) => x <= p).length >= q * v.length * (1 - 1e-12));
      assert.ok(v.filter((x) => x < p).length <= q * v.length);
    }),
  );
});

Deno.test("ema() is the weighted sum of its definition", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 }), (values) => {
    const alpha = 0.1;
    const weights = values.map((_, i) =>
      i === 0 ? (1 - alpha) ** (values.length - 1) : alpha * (1 - alpha) ** (values.length - 1 - i)
    );
    const mean = values.reduce((s, v, i) => s + weights[i] * v, 0);
    const variance = values.reduce((s, v, i) => s + weights[i] * (v - mean) ** 2, 0);
    const got = values.reduce((s, v) => ema(s, v, alpha), EMA_START);
    near(got.mean, mean, 1e-9);
    near(got.variance, variance, 1e-6);
    assert.equal(got.count, values.length);
  }));
  assert.equal(ema(EMA_START, NaN), EMA_START);
});

Deno.test("cusum() stays low on noise within its slack and passes 5 within eleven values of a shift", () => {
  const options = { target: 10, sigma: 2 };
  const run = (from: Cusum, values: number[]): Cusum => values.reduce((s, v) => cusum(s, v, options), from);
  assert.deepEqual(run(CUSUM_START, Array.from({ length: 1000 }, (_, i) => 10 + (i % 2 ? 0.9 : -0.9))), {
    up: 0,
    down: 0,
  });
  const shifted = run(CUSUM_START, Array(11).fill(12));
  assert.ok(shifted.up > 5 && shifted.down === 0);
  assert.ok(run(CUSUM_START, Array(11).fill(8)).down > 5);
  assert.deepEqual(run(CUSUM_START, [NaN]), CUSUM_START);
});

Deno.test("wilson() agrees with published values and holds the true share as often as it says", () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
  const known: [number, number, number, number][] = [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [
    0,
    20,
    0,
    0.1611,
  ], [1, 29, 0.0061, 0.1718]];
  for (const [hits, total, low, high] of known) {
    const i = wilson(hits, total);
    near(i.low, low, 5e-5);
    near(i.high, high, 5e-5);
  }
  // Exact coverage: the binomial probability of all outcomes whose interval holds p.
  const n = 50, p = 0.3;
  let coverage = 0, probability = (1 - p) ** n;
  for (let k = 0; k <= n; k++) {
    const { low, high } = wilson(k, n);
    if (low <= p && p <= high) coverage += probability;
    probability *= (n - k) / (k + 1) * p / (1 - p);
  }
  assert.ok(coverage > 0.93 && coverage < 0.98, String(coverage));
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
  const narrow = wilson(50, 100, 0.5), wide = wilson(50, 100, 0.99);
  assert.ok(wide.high - wide.low > narrow.high - narrow.low);
});

Deno.test("samplingError() is the binomial error of a scaled count", () => {
  assert.equal(samplingError(0, 1), 0);
  assert.equal(samplingError(0, 0.1), Infinity);
  near(samplingError(100, 0.0), 0.1959963984540054);
  near(samplingError(100, 0.75), 0.0979981992270027);
});

Deno.test("brierScore() rewards being sure only when right", () => {
  assert.equal(brierScore([{ probability: 1, right: true }, { probability: 0, right: false }]), 0);
  assert.equal(brierScore([{ probability: 1, right: false }]), 1);
  assert.equal(brierScore([{ probability: 0.5, right: true }, { probability: 0.5, right: false }]), 0.25);
  assert.ok(Number.isNaN(brierScore([])));
});
