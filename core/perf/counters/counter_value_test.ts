import assert from "node:assert/strict";
import fc from "fast-check";
import { type CounterReading, readingSince, runningRatio, scaledCount, sumReadings } from "./counter_value.ts";

const counter = (max: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max });

Deno.test("scaledCount() is the count by the part of the time that was counted, rounded", () => {
  fc.assert(fc.property(counter(1n << 60n), counter(1n << 45n), counter(1n << 45n), (value, a, b) => {
    const [runningNs, enabledNs] = a < b ? [a, b] : [b, a];
    const scaled = scaledCount({ value, enabledNs, runningNs });
    if (runningNs === 0n) return assert.equal(scaled, null);
    // |scaled − value · enabled / running| ≤ 1/2, without a division.
    const off = 2n * (scaled! * runningNs - value * enabledNs);
    assert.ok(off <= runningNs && -off <= runningNs);
    if (runningNs === enabledNs) assert.equal(scaled, value);
  }));
});

Deno.test("a counter that always ran is exact above 2^53; one that never ran is not known", () => {
  const big: CounterReading = { value: (1n << 60n) + 1n, enabledNs: 5n, runningNs: 5n };
  assert.equal(scaledCount(big), (1n << 60n) + 1n);
  assert.equal(scaledCount({ value: 0n, enabledNs: 5n, runningNs: 0n }), null);
  assert.equal(runningRatio({ value: 1n, enabledNs: 4n, runningNs: 1n }), 0.25);
});

Deno.test("differences of sums are sums of differences", () => {
  const reading = fc.record({
    value: counter(1n << 50n),
    enabledNs: counter(1n << 50n),
    runningNs: counter(1n << 50n),
  });
  fc.assert(fc.property(fc.array(fc.tuple(reading, reading)), (pairs) => {
    const before = sumReadings(pairs.map(([a]) => a));
    const now = sumReadings(pairs.map(([, b]) => b));
    assert.deepEqual(readingSince(before, now), sumReadings(pairs.map(([a, b]) => readingSince(a, b))));
  }));
});
