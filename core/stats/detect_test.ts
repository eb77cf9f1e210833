import assert from "node:assert/strict";
import fc from "fast-check";
import { DETECT_THRESHOLD, detectAnomalies, type DetectMethod, EMA_WARM_UP } from "./detect.ts";

const METHODS: DetectMethod[] = ["mad", "ema", "cusum"];

/** Values of a normal distribution (Box and Muller) from a fixed generator (xorshift32). */
function normal(count: number, mean: number, sigma: number, seed = 1): Float64Array {
  let x = seed;
  const next = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
  return Float64Array.from(
    { length: count },
    () => mean + sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

const found = (values: Iterable<number>, method: DetectMethod): number[] =>
  Array.from(detectAnomalies(Float64Array.from(values), method, DETECT_THRESHOLD[method]).anomaly).flatMap((a, i) =>
    a ? [i] : []
  );

Deno.test("mad: distance from the median in scaled median absolute deviations, worked by hand", () => {
  // Median 10; absolute deviations 0 0 1 1 1 2 90, their median 1.
  const { expected, score, anomaly } = detectAnomalies(Float64Array.of(9, 10, 11, 10, 100, 12, 9), "mad", 3.5);
  assert.deepEqual([...expected], Array(7).fill(10));
  [-1, 0, 1, 0, 90, 2, -1].forEach((d, i) => assert.ok(Math.abs(score[i] - d / 1.482602218505602) < 1e-12));
  assert.deepEqual([...anomaly], [0, 0, 0, 0, 1, 0, 0]);
});

Deno.test("ema: each value against the weighted mean and spread of those before it, summed out by their definition", () => {
  const values = normal(60, 5, 2, 7);
  const { expected, score } = detectAnomalies(values, "ema", 3);
  for (let i = 0; i < values.length; i++) {
    if (i < EMA_WARM_UP) {
      assert.ok(Number.isNaN(expected[i]) && Number.isNaN(score[i]));
      continue;
    }
    // The weight of each value: what it came in with, times what every later one left of it.
    const weights = Array.from({ length: i }, (_, j) => {
      let w = Math.max(0.1, 1 / (j + 1));
      for (let k = j + 1; k < i; k++) w *= 1 - Math.max(0.1, 1 / (k + 1));
      return w;
    });
    const mean = weights.reduce((s, w, j) => s + w * values[j], 0);
    const biased = weights.reduce((s, w, j) => s + w * (values[j] - mean) ** 2, 0);
    const q = weights.reduce((s, w) => s + w * w, 0);
    // An unbiased variance, and that of the mean beside it.
    const sigma = Math.sqrt(biased / (1 - q) * (1 + q));
    assert.ok(Math.abs(expected[i] - mean) < 1e-12 * 60);
    assert.ok(Math.abs(score[i] - (values[i] - mean) / sigma) < 1e-9, `${i}`);
  }
});

Deno.test("cusum: sums of what exceeds half a standard deviation, worked by hand, starting again after an alarm", () => {
  // The first eight: median 10, absolute deviations all 1, so sigma is 1.4826.
  const sigma = 1.482602218505602;
  const values = [9, 11, 9, 11, 9, 11, 9, 11, ...Array(8).fill(10 + 2.5 * sigma), 10 - 6.5 * sigma];
  const { expected, score, anomaly } = detectAnomalies(Float64Array.from(values), "cusum", 5);
  assert.deepEqual([...expected], Array(17).fill(10));
  // 1/1.4826 − 0.5 on top of nothing; the value before took the other side's sum back to 0.
  const small = 1 / sigma - 0.5;
  const want = [-small, small, -small, small, -small, small, -small, small].concat(
    [small + 2, small + 4, small + 6, 2, 4, 6, 2, 4],
    [-6],
  );
  want.forEach((s, i) => assert.ok(Math.abs(score[i] - s) < 1e-9, `${i}: ${score[i]} is not ${s}`));
  assert.deepEqual(Array.from(anomaly).flatMap((a, i) => a ? [i] : []), [10, 13, 16]);
});

Deno.test("one odd value among equal ones is an anomaly of every method; the last digits of doubles are none", () => {
  for (const method of METHODS) {
    for (const base of [0, 1, 5e-9, 3e15]) {
      const values = Array(30).fill(base);
      values[20] = base + Math.max(1, base / 2);
      assert.deepEqual(found(values, method), [20], `${method} ${base}`);
      values[20] = base - Math.max(1, base / 2);
      assert.deepEqual(found(values, method), [20], `${method} ${base}`);
    }
    const noise = Array.from({ length: 50 }, (_, i) => 0.3 * (1 + (i % 7 - 3) * Number.EPSILON));
    assert.deepEqual(found(noise, method), [], method);
    assert.deepEqual(found(Array(50).fill(7), method), [], method);
  }
  // A third of other values is a habit, not an anomaly, though the median absolute deviation is 0.
  assert.deepEqual(found(Array.from({ length: 60 }, (_, i) => i % 3 === 0 ? 4 : 0), "mad"), []);
});

Deno.test("on 10000 normal values each method errs about as often as its threshold says", () => {
  const rates = Object.fromEntries(METHODS.map((m) => [m, found(normal(10_000, 200, 30), m).length / 10_000]));
  // Two-sided tail of a normal distribution at 3.5 is 0.00047, of Student's t with 18 degrees of freedom at 3 is 0.0077;
  // Page's test with 0.5 and 5 runs 465 values on average (Montgomery, "Introduction to statistical quality control").
  assert.ok(rates.mad > 1e-4 && rates.mad < 1.2e-3, String(rates.mad));
  assert.ok(rates.ema > 4e-3 && rates.ema < 1.1e-2, String(rates.ema));
  assert.ok(rates.cusum > 8e-4 && rates.cusum < 5e-3, String(rates.cusum));
});

Deno.test("mad and ema find a spike of 5 sigma, cusum a shift of 1.5 sigma, in 200 series of 200 values", () => {
  const hits = { mad: 0, ema: 0, cusum: 0 };
  for (let seed = 1; seed <= 200; seed++) {
    const values = normal(200, 10, 2, seed * 7919);
    const spiked = values.slice(), shifted = values.map((v, i) => i < 100 ? v : v + 3);
    spiked[100] = 10 - 5 * 2;
    if (found(spiked, "mad").includes(100)) hits.mad++;
    if (found(spiked, "ema").includes(100)) hits.ema++;
    if (found(shifted, "cusum").some((i) => i >= 100 && i < 115)) hits.cusum++;
  }
  assert.ok(hits.mad >= 198 && hits.ema >= 190 && hits.cusum >= 190, JSON.stringify(hits));
});

Deno.test("what is not finite has no score and changes no other; scores do not depend on shift and scale", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(values, fc.constantFrom(...METHODS), fc.nat(39), (v, method, at) => {
    const plain = detectAnomalies(Float64Array.from(v), method, 3);
    const holes = Float64Array.from(v.toSpliced(at, 0, NaN, -Infinity));
    const i = Math.min(at, v.length);
    const holed = detectAnomalies(holes, method, 3);
    assert.ok(Number.isNaN(holed.score[i]) && Number.isNaN(holed.expected[i + 1]) && holed.anomaly[i + 1] === 0);
    for (const key of ["score", "expected", "anomaly"] as const) {
      assert.deepEqual(Array.from(holed[key]).toSpliced(i, 2), Array.from(plain[key]));
    }
    const mirrored = detectAnomalies(Float64Array.from(v, (x) => -4 * x), method, 3);
    plain.score.forEach((s, i) => assert.ok(Number.isNaN(s) || Math.abs(mirrored.score[i] + s) <= 1e-6 * Math.abs(s)));
  }));
  for (const method of METHODS) {
    assert.deepEqual(detectAnomalies(new Float64Array(0), method, 3).score.length, 0);
    assert.ok(Number.isNaN(detectAnomalies(Float64Array.of(NaN), method, 3).score[0]));
  }
});
