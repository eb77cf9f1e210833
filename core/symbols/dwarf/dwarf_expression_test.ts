import assert from "node:assert/strict";
import fc from "fast-check";
import { ElfError } from "../elf.ts";
import { evaluateExpression, type ExpressionContext } from "./dwarf_expression.ts";

const NOTHING: ExpressionContext = { register: () => null, load: () => null, cfa: null, operations: 0 };

/** Registers hold 1000 × their number, memory the address itself, cut to its size. */
const MACHINE: ExpressionContext = {
  register: (n) => BigInt(n) * 1000n,
  load: (address, size) => BigInt.asUintN(size * 8, address),
  cfa: 0x7000n,
  operations: 0,
};

function run(code: readonly number[], context = MACHINE, initial: bigint | null = null): bigint | null {
  return evaluateExpression(Uint8Array.from(code), 0, code.length, { ...context, operations: 1000 }, initial);
}

/** DW_OP_const8u */
function const8(value: bigint): number[] {
  return [0x0e, ...new Uint8Array(BigUint64Array.of(value).buffer)];
}

function uleb(value: bigint): number[] {
  const bytes: number[] = [];
  do {
    bytes.push(Number(value & 0x7fn) | (value > 0x7fn ? 0x80 : 0));
    value >>= 7n;
  } while (value > 0n);
  return bytes;
}

function sleb(value: bigint): number[] {
  for (const bytes: number[] = [];;) {
    const byte = Number(value & 0x7fn);
    value >>= 7n;
    if (value === 0n && !(byte & 0x40) || value === -1n && byte & 0x40) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

const u64 = (n: bigint): bigint => BigInt.asUintN(64, n);
const s64 = (n: bigint): bigint => BigInt.asIntN(64, n);
const word = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n));

Deno.test("evaluateExpression() computes as 64-bit machines do", () => {
  const binary: Record<number, (a: bigint, b: bigint) => bigint | boolean | null> = {
    0x1a: (a, b) => a & b,
    0x1b: (a, b) => b === 0n ? null : s64(a) / s64(b),
    0x1c: (a, b) => a - b,
    0x1d: (a, b) => b === 0n ? null : a % b,
    0x1e: (a, b) => a * b,
    0x21: (a, b) => a | b,
    0x22: (a, b) => a + b,
    0x24: (a, b) => b > 63n ? 0n : a << b,
    0x25: (a, b) => b > 63n ? 0n : a >> b,
    0x26: (a, b) => s64(a) >> (b > 63n ? 63n : b),
    0x27: (a, b) => a ^ b,
    0x29: (a, b) => a === b,
    0x2a: (a, b) => s64(a) >= s64(b),
    0x2b: (a, b) => s64(a) > s64(b),
    0x2c: (a, b) => s64(a) <= s64(b),
    0x2d: (a, b) => s64(a) < s64(b),
    0x2e: (a, b) => a !== b,
  };
  const right = fc.oneof(word, fc.bigInt({ min: 0n, max: 70n }));
  fc.assert(fc.property(word, right, fc.constantFrom(...Object.keys(binary)), (a, b, op) => {
    const code = [...const8(a), ...const8(b), Number(op)];
    const expected = binary[Number(op)](a, b);
    if (expected === null) assert.throws(() => run(code), ElfError);
    else assert.equal(run(code), u64(BigInt(expected)));
  }));
  fc.assert(fc.property(word, (a) => {
    assert.equal(run([...const8(a), 0x1f]), u64(-a));
    assert.equal(run([...const8(a), 0x20]), u64(~a));
    assert.equal(run([...const8(a), 0x19]), u64(s64(a) < 0n ? -a : a));
  }));
});

Deno.test("evaluateExpression() reads LEB128 numbers of any size", () => {
  fc.assert(fc.property(word, fc.nat(4), (value, padding) => {
    const bytes = uleb(value);
    bytes[bytes.length - 1] |= padding > 0 ? 0x80 : 0;
    const padded = [...bytes, ...Array(padding).fill(0x80)];
    padded[padded.length - 1] &= 0x7f;
    assert.equal(run([0x10, ...padded]), value);
    assert.equal(run([...const8(5n), 0x23, ...padded]), u64(5n + value));
  }));
  fc.assert(fc.property(word, (value) => {
    assert.equal(run([0x11, ...sleb(s64(value))]), value);
    assert.equal(run([0x73, ...sleb(s64(value))]), u64(3000n + s64(value)));
    assert.equal(run([0x92, 40, ...sleb(s64(value))]), u64(40_000n + s64(value)));
  }));
});

Deno.test("evaluateExpression() moves values about the stack", () => {
  const three = [0x31, 0x32, 0x33]; // lit1 lit2 lit3
  const top = (...ops: number[]): number => Number(run([...three, ...ops]));
  assert.equal(top(), 3);
  assert.equal(top(0x12, 0x22), 6); // dup plus
  assert.equal(top(0x13), 2); // drop
  assert.equal(top(0x14), 2); // over
  assert.equal(top(0x15, 2), 1); // pick
  assert.equal(top(0x16), 2); // swap
  assert.equal(top(0x17), 2); // rot: 3 goes below, 2 is on top
  assert.equal(top(0x17, 0x13, 0x13), 3);
  assert.equal(top(0x96), 3); // nop
});

Deno.test("evaluateExpression() reads memory and registers, jumps, and knows the CFA", () => {
  assert.equal(run([0x77, 8, 0x06]), 7008n); // breg7 +8, deref
  assert.equal(run([...const8(0x1234_5678n), 0x94, 2]), 0x5678n); // deref_size 2
  assert.equal(run([0x9c]), 0x7000n);
  assert.equal(run([0x08, 7], MACHINE, 9n), 7n);
  assert.equal(run([0x23, 1], MACHINE, 9n), 10n);
  assert.equal(run([0x2f, 1, 0, 0x31, 0x32]), 2n); // skip over lit1
  // Counts 5 down to 0: lit5; L: lit1 minus; dup; bra L
  assert.equal(run([0x35, 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff]), 0n);
  assert.equal(run([0x77, 8, 0x06], NOTHING), null);
  assert.equal(run([...const8(8n), 0x06], NOTHING), null);
  assert.equal(run([0x9c], NOTHING), null);
});

Deno.test("evaluateExpression() refuses what is broken or has no end", () => {
  const broken = [[], [0x22], [0x08], [0x0e, 1, 2], [0x50], [0x91, 0], [0xff], [0x2f, 5, 0], [0x31, 0x94, 3]];
  for (const code of broken) assert.throws(() => run(code), ElfError, code.join());
  assert.throws(() => run([0x2f, 0xfd, 0xff]), ElfError); // skip −3, for ever
  assert.throws(() => run([0x2f, 0xf0, 0xff]), ElfError); // out of the front
  assert.throws(() => run([0x31, 0x2f, 0xfc, 0xff]), ElfError); // fills the stack
  assert.throws(() => run([0x10, ...Array(40).fill(0x80), 0]), ElfError);
});
