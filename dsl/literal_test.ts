import assert from "node:assert/strict";
import fc from "fast-check";
import { readNumber } from "./literal.ts";

function read(text: string): [bigint | number, string, string | null] {
  const n = readNumber(text);
  assert.ok(n.ok, `${text}: ${n.ok ? "" : n.message}`);
  return [n.value, n.t.type, n.t.unit];
}

Deno.test("readNumber() reads numbers with their units into base units", () => {
  assert.deepEqual(read("10ms"), [10_000_000n, "duration", "ns"]);
  assert.deepEqual(read("1.5s"), [1_500_000_000n, "duration", "ns"]);
  assert.deepEqual(read("2m"), [120_000_000_000n, "duration", "ns"]);
  assert.deepEqual(read("3µs"), [3000n, "duration", "ns"]);
  assert.deepEqual(read("4KiB"), [4096n, "bytes", "bytes"]);
  assert.deepEqual(read("4KB"), [4000n, "bytes", "bytes"]);
  assert.deepEqual(read("0.5GiB"), [1n << 29n, "bytes", "bytes"]);
  assert.deepEqual(read("99hz"), [99, "rate", "hz"]);
  assert.deepEqual(read("50%"), [0.5, "ratio", "ratio"]);
  assert.deepEqual(read("7%"), [0.07, "ratio", "ratio"]);
  assert.deepEqual(read("100/s"), [100, "rate", "events/s"]);
  assert.deepEqual(read("10MiB/s"), [10 * 2 ** 20, "rate", "bytes/s"]);
  assert.deepEqual(read("0xff"), [255n, "int", null]);
  assert.deepEqual(read("0b101"), [5n, "int", null]);
  assert.deepEqual(read("1_000_000"), [1_000_000n, "int", null]);
  assert.deepEqual(read("2.5"), [2.5, "float", null]);
  assert.deepEqual(read("1e3"), [1000, "float", null]);
  assert.deepEqual(read("18446744073709551615"), [(1n << 64n) - 1n, "int", null]);
});

Deno.test("readNumber() refuses what is no number, with the reason", () => {
  const why = (text: string): string => {
    const n = readNumber(text);
    return n.ok ? "" : n.message;
  };
  assert.equal(why("18446744073709551616"), "18446744073709551616 does not fit 64 bits");
  assert.equal(why("0.3ns"), '"0.3ns" is no whole number of nanoseconds');
  assert.equal(why("400000000000h"), '"400000000000h" does not fit 64 bits');
  assert.equal(why("5x"), '"x" is no unit');
  assert.equal(why("0x"), '"0x" is no number');
  assert.equal(why("1e999"), "1e999 is too large");
  assert.equal(why("5ms/s"), '"5ms/s": only a count or bytes can be per second');
});

Deno.test("readNumber() is exact for decimal fractions of any unit", () => {
  fc.assert(fc.property(fc.bigInt(0n, 10n ** 6n), fc.integer({ min: 0, max: 999_999 }), (whole, micros) => {
    const n = readNumber(`${whole}.${String(micros).padStart(6, "0")}s`);
    assert.ok(n.ok);
    assert.equal(n.value, whole * 1_000_000_000n + BigInt(micros) * 1000n);
  }));
});
