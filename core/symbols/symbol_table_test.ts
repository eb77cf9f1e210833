import assert from "node:assert/strict";
import fc from "fast-check";
import { betterName, lastAtOrBelow, symbolRank, symbolTable } from "./symbol_table.ts";

function table(symbols: readonly { start: number; size: number; name: string; rank?: number }[]) {
  return symbolTable({
    length: symbols.length,
    starts: Float64Array.from(symbols, (s) => s.start),
    sizes: Float64Array.from(symbols, (s) => s.size),
    ranks: Uint8Array.from(symbols, (s) => s.rank ?? 0),
    nameOf: (i) => symbols[i].name,
  });
}

Deno.test("find() answers as a search through all symbols, in any order, with gaps", () => {
  const symbol = fc.record({ gap: fc.nat(20), size: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(symbol, { minLength: 1, maxLength: 40 }), fc.infiniteStream(fc.nat()), (list, random) => {
      let at = 0;
      const symbols = list.map(({ gap, size }, i) => {
        const start = at + gap;
        at = start + size;
        return { start, size, name: `f${i}` };
      });
      const shuffled = symbols.map((s) => ({ s, key: random.next().value })).sort((a, b) => a.key - b.key).map((x) =>
        x.s
      );
      const t = table(shuffled);
      for (let a = 0; a < at + 5; a++) {
        const expected = symbols.find((s) => a >= s.start && a < s.start + s.size);
        assert.equal(t.find(a)?.name, expected?.name);
      }
    }),
  );
});

Deno.test("find() finds the outer symbol behind the end of an inner one", () => {
  const t = table([{ start: 100, size: 100, name: "outer" }, { start: 150, size: 10, name: "inner" }]);
  assert.deepEqual([149, 150, 159, 160, 199, 200].map((a) => t.find(a)?.name), [
    "outer",
    "inner",
    "inner",
    "outer",
    "outer",
    undefined,
  ]);
});

Deno.test("find() lets a symbol without size reach to the next, but not for ever", () => {
  const t = table([{ start: 0, size: 0, name: "a" }, { start: 64, size: 0, name: "b" }]);
  assert.equal(t.find(63)?.name, "a");
  assert.equal(t.find(64 + (1 << 20) - 1)?.name, "b");
  assert.equal(t.find(64 + (1 << 20)), null);
});

Deno.test("find() chooses among aliases by rank, then fewer underscores, then length", () => {
  const alias = (name: string, rank: number) => ({ start: 8, size: 4, name, rank });
  assert.equal(
    table([alias("local", symbolRank(true, false, false)), alias("g", symbolRank(true, false, true))]).find(8)?.name,
    "g",
  );
  assert.equal(table([alias("__read", 7), alias("read", 7), alias("rd", 7)]).find(9)?.name, "read");
  assert.equal(betterName("a", "_aaaa"), true);
});

Deno.test("a table sorts addresses that are too large for the quick way", () => {
  const t = table([{ start: -(2 ** 40), size: 8, name: "kernel" }, { start: -(2 ** 41), size: 8, name: "lower" }]);
  assert.equal(t.find(-(2 ** 41) + 3)?.name, "lower");
  assert.equal(t.find(-(2 ** 40) + 3)?.name, "kernel");
});

Deno.test("lastAtOrBelow() agrees with a linear search", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.integer(), (values, x) => {
    const sorted = Float64Array.from(values).sort();
    assert.equal(lastAtOrBelow(sorted, sorted.length, x), sorted.findLastIndex((v) => v <= x));
  }));
});
