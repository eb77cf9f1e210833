import fc from "fast-check";
import assert from "node:assert/strict";
import { addressIndex } from "./address_index.ts";

Deno.test("addressIndex() answers as a search from the end does, for starts near and far apart, equal, negative and fractional", () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 47 }),
    fc.double({ min: -1e6, max: 2 ** 63, noNaN: true }),
  );
  fc.assert(fc.property(fc.array(value, { maxLength: 60 }), fc.array(value, { maxLength: 20 }), (values, asked) => {
    const starts = Float64Array.from(values).sort();
    const index = addressIndex(starts);
    for (const a of [...starts, ...asked, ...[...starts].map((s) => s + 1), NaN, Infinity, -Infinity]) {
      assert.equal(index.find(a), starts.findLastIndex((s) => s <= a));
    }
  }));
});

Deno.test("addressIndex() looks at the first n only", () => {
  const index = addressIndex(Float64Array.of(1, 5, 9), 2);
  assert.equal(index.find(100), 1);
  assert.equal(addressIndex(Float64Array.of(1), 0).find(5), -1);
});
