import assert from "node:assert/strict";
import fc from "fast-check";
import type { Unit } from "../../data/mod.ts";
import { roundUp, tickText, timeTicks, valueTicks } from "./ticks.ts";

Deno.test("valueTicks() are round in the unit: tens, powers of two for bytes, minutes for long times", () => {
  const texts = (low: number, high: number, unit: Unit): string[] =>
    valueTicks(low, high, 5, unit).map((v) => tickText(v, unit));
  assert.deepEqual(texts(0, 2.3e6, "ns"), ["0 s", "500 µs", "1 ms", "1.5 ms", "2 ms"]);
  assert.deepEqual(texts(0, 3 * 2 ** 30, "bytes"), ["0 B", "1 GiB", "2 GiB", "3 GiB"]);
  assert.deepEqual(texts(0, 0.97, "ratio"), ["0 %", "20 %", "40 %", "60 %", "80 %"]);
  assert.deepEqual(texts(0, 900e9, "ns"), ["0 s", "5m00s", "10m00s", "15m00s"]);
  assert.deepEqual(texts(-0.3, 0.3, null), ["-0.2", "0", "0.2"]);
  assert.deepEqual(valueTicks(0, 3, 9, "count", 1), [0, 1, 2, 3]);
});

Deno.test("valueTicks() and roundUp() answer for any range: ascending, within it, not many more than asked", () => {
  const units = fc.constantFrom<Unit>("ns", "bytes", "ratio", "count", null);
  const value = fc.double({ noNaN: true, min: -1e15, max: 1e15 });
  fc.assert(fc.property(value, value, units, (a, b, unit) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    fc.pre(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-3));
    const ticks = valueTicks(low, high, 5, unit);
    assert.ok(ticks.length <= 6, ticks.join());
    ticks.forEach((t, i) => assert.ok(i === 0 || t > ticks[i - 1]));
    assert.ok(roundUp(low, high, 5, unit) >= high - (high - low) * 1e-6);
  }));
});

Deno.test("timeTicks() stand at round times of day, as exact as their step", () => {
  const start = BigInt(Date.parse("2026-11-28T13:39:57.300Z")) * 1_000_000n;
  const texts = (span: number, most = 5): string[] => timeTicks(start, span, most).map((t) => t.text);
  assert.deepEqual(texts(60e9), ["13:40:00", "13:40:15", "13:40:30", "13:40:45"]);
  assert.equal(timeTicks(start, 60e9, 5)[0].atNs, 2.7e9);
  assert.deepEqual(texts(2e9, 4), ["13:39:57.5", "13:39:58.0", "13:39:58.5", "13:39:59.0"]);
  assert.deepEqual(texts(3600e9, 4), ["13:45", "14:00", "14:15", "14:30"]);
  assert.deepEqual(texts(3 * 86400e9, 4), ["11-29 00:00", "11-30 00:00", "12-01 00:00"]);
  assert.deepEqual(timeTicks(0n, 4e9, 4).map((t) => t.text), ["0 s", "1 s", "2 s", "3 s", "4 s"]);
  assert.deepEqual(texts(0), ["13:39:57"]);
});
