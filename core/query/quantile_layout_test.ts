import assert from "node:assert/strict";
import fc from "fast-check";
import { bucketBounds, bucketMiddle, bucketOf, quantileOf } from "./quantile_layout.ts";

/** As the kernel computes it: shifts on an unsigned 64-bit integer. */
function kernelBucket(v: bigint): number {
  if (v === 0n) return 0;
  let e = 63;
  while ((v >> BigInt(e)) === 0n) e--;
  const m = e >= 6 ? (v >> BigInt(e - 6)) & 63n : (v << BigInt(6 - e)) & 63n;
  return ((e + 1023) << 6) | Number(m);
}

const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.nat({ max: 64 }).chain((e) => fc.bigInt({ min: -3n, max: 3n }).map((d) => (1n << BigInt(e)) + d))
    .filter((v) => v >= 0n && v < 1n << 64n),
);

Deno.test("bucketOf() is the kernel's integer arithmetic for every 64-bit value", () => {
  fc.assert(fc.property(u64, (v) => assert.equal(bucketOf(v), kernelBucket(v))), { numRuns: 2000 });
});

Deno.test("bucketOf() gives a bigint and the equal number the same bucket, negated for the negative", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (v) => {
    assert.equal(bucketOf(v), bucketOf(BigInt(v)));
    assert.equal(bucketOf(-v), v === 0 ? 0 : -bucketOf(v));
  }));
});

Deno.test("bucketBounds() holds the value, and the middle is at most 0.8 % away", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((v) => Math.abs(v) > 1e-300),
    fc.maxSafeInteger(),
  );
  fc.assert(
    fc.property(value, (v) => {
      const { min, max } = bucketBounds(bucketOf(v));
      assert.ok(v < 0 ? min < v && v <= max : min <= v && v < max);
      const middle = Number(bucketMiddle(bucketOf(v), false));
      assert.ok(Math.abs(middle - v) <= Math.abs(v) * 0.008, `${middle} for ${v}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("bucketMiddle() of integers is an integer of the bucket, exact up to 128", () => {
  for (let v = -128; v <= 128; v++) assert.equal(Number(bucketMiddle(bucketOf(v), true)), v);
  fc.assert(fc.property(u64, (v) => {
    const m = bucketMiddle(bucketOf(v), true);
    assert.equal(bucketOf(m), bucketOf(v));
    const distance = BigInt(m) > v ? BigInt(m) - v : v - BigInt(m);
    assert.ok(distance * 1000n <= v * 8n);
  }));
});

Deno.test("bucket indexes ascend with the values", () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
    if (a <= b) assert.ok(bucketOf(a) <= bucketOf(b));
  }));
});

Deno.test("quantileOf() is within 0.8 % of the nearest rank of the sorted values", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 1e12 }), { minLength: 1, maxLength: 200, size: "max" }),
    fc.constantFrom(0, 0.07, 0.5, 0.9, 0.99, 0.999, 1),
    (values, q) => {
      const counts = new Map<number, number>();
      for (const v of values) counts.set(bucketOf(v), (counts.get(bucketOf(v)) ?? 0) + 1);
      const buckets = Array.from(counts).sort((a, b) => a[0] - b[0]);
      const sorted = values.toSorted((a, b) => a - b);
      // The smallest rank r with r / n >= q, in exact integers: q has three decimals at most.
      const rank = Math.max(1, Math.ceil(Math.round(q * 1000) * values.length / 1000));
      const want = sorted[rank - 1];
      const got = Number(quantileOf(buckets, values.length, q, true));
      assert.ok(Math.abs(got - want) <= want * 0.008, `${got} for ${want}`);
    },
  ));
  assert.equal(quantileOf([], 0, 0.5, true), null);
});
