import assert from "node:assert/strict";
import fc from "fast-check";
import { numberColumn } from "./number_column.ts";
import { stridedNumbers } from "./strided_numbers.ts";

Deno.test("stridedNumbers() answers what numberColumn() does, of either sign and any size", () => {
  const small = fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n });
  const rows = fc.array(fc.tuple(small, fc.oneof(small, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }))));
  fc.assert(fc.property(rows, fc.boolean(), (numbers, unsigned) => {
    const words = new Uint32Array(new BigUint64Array(numbers.flat().map((n) => BigInt.asUintN(64, n))).buffer);
    for (const place of [0, 1]) {
      const column = numberColumn(unsigned);
      for (let i = 0; i < numbers.length; i++) column.add(words[4 * i + 2 * place], words[4 * i + 2 * place + 1]);
      assert.deepEqual(stridedNumbers(words, 2 * place, 4, words.length, unsigned), column.take());
    }
  }));
});
