import assert from "node:assert/strict";
import fc from "fast-check";
import { cellAt } from "../../data/mod.ts";
import { numberColumn } from "./number_column.ts";
import { textPool } from "./text_pool.ts";

Deno.test("numberColumn() keeps every 64-bit integer, as doubles while all are exact", () => {
  const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  const safe = fc.integer({ min: 0, max: 2 ** 53 - 1 }).map(BigInt);
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.oneof(word, safe, fc.constant(null)), { maxLength: 700 }),
      (unsigned, values) => {
        const column = numberColumn(unsigned);
        // Twice: what was taken must not show again.
        for (let round = 0; round < 2; round++) {
          for (const v of values) {
            if (v === null) column.addNull();
            else column.add(Number(v & 0xffff_ffffn), Number(v >> 32n));
          }
          const taken = column.take();
          const want = values.map((v) => v === null ? null : unsigned ? v : BigInt.asIntN(64, v));
          assert.deepEqual(
            want.map((_, i) => cellAt(taken, i)).map((c) => c === null ? null : BigInt(c as number | bigint)),
            want,
          );
          const exact = want.every((v) => v === null || (v <= 2n ** 53n && v >= -(2n ** 53n)));
          if (exact) assert.equal(taken.kind, "number");
        }
      },
    ),
  );
});

Deno.test("textPool() gives equal bytes equal numbers, and decodes what is no UTF-8", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 600 }), (texts) => {
      const pool = textPool();
      const numbers = texts.map((t) => {
        const bytes = encoder.encode(`..${t}..`);
        return pool.intern(bytes, 2, bytes.length - 2, false);
      });
      assert.deepEqual(numbers.map((i) => pool.texts[i]), texts.map((t) => t.toWellFormed()));
      assert.equal(pool.texts.length, new Set(texts.map((t) => t.toWellFormed())).size);
    }),
  );
  const pool = textPool();
  const a = pool.intern(Uint8Array.of(0xff), 0, 1, false);
  const b = pool.intern(Uint8Array.of(0xfe), 0, 1, false);
  assert.equal(a, b);
  assert.equal(pool.texts[a], "\ufffd");
  assert.equal(pool.texts[pool.intern(Uint8Array.of(0x61, 0, 0x62), 0, 3, true)], "a");
  assert.equal(pool.texts[pool.intern(Uint8Array.of(0x61, 0, 0x62), 0, 3, false)], "a\0b");
  // A byte order mark is text like any other.
  assert.equal(pool.texts[pool.intern(Uint8Array.of(0xef, 0xbb, 0xbf), 0, 3, false)], "\ufeff");
});
