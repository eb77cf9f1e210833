import assert from "node:assert/strict";
import fc from "fast-check";
import { delta, WRAP_32, WRAP_DISK_TIME_NS } from "./delta.ts";

Deno.test("delta() is the difference of a counter that grew", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
    assert.equal(delta(Math.min(a, b), Math.max(a, b)), Math.abs(a - b));
  }));
});

Deno.test("delta() follows a 32-bit counter over its end", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }), (a, grown) => {
      assert.equal(delta(a, (a + grown) % WRAP_32, WRAP_32), grown);
    }),
  );
});

Deno.test("delta() takes a counter that went down without a wrap for one that was reset", () => {
  assert.equal(delta(100, 90), 0);
  assert.equal(delta(1000, 10, WRAP_32), 0);
  assert.equal(delta(2 ** 40, 5, WRAP_32), 0);
});

Deno.test("delta() follows disk times over 49.7 days", () => {
  assert.equal(delta((2 ** 32 - 2) * 1e6, 3e6, WRAP_DISK_TIME_NS), 5e6);
});
