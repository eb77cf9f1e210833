import type { BinaryOp, ValueType } from "./expr.ts";
import { isIntegerType } from "./type_classes.ts";
import { anyNull, bigAt, type BigVec, doubles, maskOf, MAX_SAFE, type NumVec, span, type Vec } from "./_vec.ts";

/** Operators computed here. */
export type ArithOp = Extract<BinaryOp, "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>"> | "div" | "bin";

/**
 * `a op b` where the result has type `t`.
 *
 * Integers are computed in doubles as long as every result is provably exact (all below 2^53); at the first that is
 * not, the whole column is computed again in 64 bits.
 *
 * @param floats compute in doubles and round where `t` is an integer type: `/`, or a fraction among the operands
 * @param scale what a float result is multiplied by (units: bytes a nanosecond → bytes a second)
 */
export function arith(op: ArithOp, x: Vec, y: Vec, t: ValueType, rows: number, floats = false, scale = 1): Vec {
  const n = span([x, y], rows);
  const mask = maskOf([x, y]);
  let nulls = anyNull([x, y], n);
  if (op === "/" || op === "%" || op === "div") nulls = nullZeros(y, nulls, n);
  if (op === "bin") nulls = nullUnlessAboveZero(y, nulls, n);
  if (x.kind === "object" || y.kind === "object" || x.kind === "string" || y.kind === "string") {
    throw new TypeError(`"${op}" cannot be computed on a ${x.kind} and a ${y.kind} column`);
  }
  const integer = isIntegerType(t.type);
  if (floats || !integer) {
    const values = floatOp(op, doubles(x), doubles(y), n, scale);
    if (integer) roundAll(values);
    return { kind: "number", values, nulls, mask };
  }
  const unsigned = t.unsigned === true || t.type === "address";
  if (x.kind === "number" && y.kind === "number") {
    const values = smallIntegers(op, x, y, n, unsigned);
    if (values) return { kind: "number", values, nulls, mask };
  }
  return { kind: "big", values: bigIntegers(op, x, y, nulls, n, unsigned), nulls, mask };
}

function nullZeros(y: Vec, nulls: Uint8Array | undefined, n: number): Uint8Array | undefined {
  if (y.kind !== "number" && y.kind !== "big") return nulls;
  const { values, mask } = y;
  for (let i = 0; i < n; i++) {
    const v = values[i & mask];
    if (v === 0 || v === 0n) {
      nulls ??= new Uint8Array(n);
      nulls[i] = 1;
    }
  }
  return nulls;
}

function nullUnlessAboveZero(y: Vec, nulls: Uint8Array | undefined, n: number): Uint8Array | undefined {
  if (y.kind !== "number" && y.kind !== "big") return nulls;
  const { values, mask } = y;
  for (let i = 0; i < n; i++) {
    if (values[i & mask] > 0) continue;
    nulls ??= new Uint8Array(n);
    nulls[i] = 1;
  }
  return nulls;
}

function roundAll(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]) + 0;
}

function floatOp(op: ArithOp, x: NumVec, y: NumVec, n: number, scale: number): Float64Array {
  const out = new Float64Array(n);
  const a = x.values, b = y.values, am = x.mask, bm = y.mask;
  switch (op) {
    case "+":
      for (let i = 0; i < n; i++) out[i] = a[i & am] + b[i & bm];
      return out;
    case "-":
      for (let i = 0; i < n; i++) out[i] = a[i & am] - b[i & bm];
      return out;
    case "*":
      for (let i = 0; i < n; i++) out[i] = a[i & am] * b[i & bm] * scale;
      return out;
    case "/":
      for (let i = 0; i < n; i++) out[i] = a[i & am] / b[i & bm] * scale;
      return out;
    case "%":
      for (let i = 0; i < n; i++) out[i] = a[i & am] % b[i & bm];
      return out;
    case "div":
      for (let i = 0; i < n; i++) out[i] = Math.trunc(a[i & am] / b[i & bm]);
      return out;
    case "bin":
      for (let i = 0; i < n; i++) out[i] = floatBin(a[i & am], b[i & bm]);
      return out;
    default:
      throw new TypeError(`"${op}" is not defined for floats`);
  }
}

/**
 * The greatest multiple of `size` that is not above `x`. A quotient within the last bits of a whole number is that number:
 * 0.29 / 0.01 is 28.999999999999996 in doubles, and nobody looks for 0.29 below 0.29.
 */
function floatBin(x: number, size: number): number {
  const parts = Math.round(1 / size);
  // 3 × 0.1 is 0.30000000000000004, 3 / 10 is 0.3.
  const inverse = 1 / parts === size;
  const q = inverse ? x * parts : x / size;
  const near = Math.round(q);
  const k = Math.abs(q - near) <= 4 * Number.EPSILON * Math.abs(q) ? near : Math.floor(q);
  return (inverse ? k / parts : k * size) + 0;
}

/** Results in doubles, or null when one may be inexact or wraps. */
function smallIntegers(op: ArithOp, x: NumVec, y: NumVec, n: number, unsigned: boolean): Float64Array | null {
  const out = new Float64Array(n);
  const a = x.values, b = y.values, am = x.mask, bm = y.mask;
  const min = unsigned ? 0 : -MAX_SAFE;
  switch (op) {
    // A true result beyond 2^53 - 1 rounds to 2^53 or more, so looking at the rounded one is enough.
    case "+":
      for (let i = 0; i < n; i++) {
        const r = a[i & am] + b[i & bm];
        if (!(r >= min && r <= MAX_SAFE)) return null;
        out[i] = r;
      }
      return out;
    case "-":
      for (let i = 0; i < n; i++) {
        const r = a[i & am] - b[i & bm];
        if (!(r >= min && r <= MAX_SAFE)) return null;
        out[i] = r;
      }
      return out;
    case "*":
      for (let i = 0; i < n; i++) {
        const p = a[i & am], q = b[i & bm];
        const r = p * q + 0;
        if (!(r >= min && r <= MAX_SAFE)) return null;
        out[i] = r;
      }
      return out;
    case "%":
      for (let i = 0; i < n; i++) {
        const d = b[i & bm];
        const r = d === 0 ? 0 : a[i & am] % d + 0;
        if (!(r >= min)) return null;
        out[i] = r;
      }
      return out;
    case "div":
      for (let i = 0; i < n; i++) {
        const p = a[i & am], d = b[i & bm];
        // (p - p % d) / d is exact where p / d could round up to the next integer.
        const r = d === 0 ? 0 : (p - p % d) / d + 0;
        if (!(r >= min && r <= MAX_SAFE)) return null;
        out[i] = r;
      }
      return out;
    case "bin":
      for (let i = 0; i < n; i++) {
        const p = a[i & am], d = b[i & bm];
        if (!(d > 0)) continue;
        const rest = p % d;
        const r = p - (rest < 0 ? rest + d : rest);
        if (!(r >= min)) return null;
        out[i] = r;
      }
      return out;
    case "<<":
      for (let i = 0; i < n; i++) {
        const r = a[i & am] * 2 ** shiftCount(b[i & bm]);
        if (!(r >= min && r <= MAX_SAFE)) return null;
        out[i] = r;
      }
      return out;
    case ">>":
      for (let i = 0; i < n; i++) {
        const r = Math.floor(a[i & am] / 2 ** shiftCount(b[i & bm]));
        if (!(r >= min)) return null;
        out[i] = r;
      }
      return out;
    default:
      for (let i = 0; i < n; i++) {
        const r = bits(op, a[i & am], b[i & bm]);
        if (!(r >= min)) return null;
        out[i] = r;
      }
      return out;
  }
}

/** Counts are taken modulo 64, as the hardware and BPF do. */
function shiftCount(c: number): number {
  return ((c % 64) + 64) % 64;
}

/** `& | ^` of integers below 2^53 as two 32-bit halves: the same bits as in 64-bit two's complement. */
function bits(op: ArithOp, p: number, q: number): number {
  const ph = Math.floor(p / 0x1_0000_0000), qh = Math.floor(q / 0x1_0000_0000);
  switch (op) {
    case "&":
      return (ph & qh) * 0x1_0000_0000 + ((p & q) >>> 0);
    case "|":
      return (ph | qh) * 0x1_0000_0000 + ((p | q) >>> 0);
    default:
      return (ph ^ qh) * 0x1_0000_0000 + ((p ^ q) >>> 0);
  }
}

function bigIntegers(
  op: ArithOp,
  x: NumVec | BigVec,
  y: NumVec | BigVec,
  nulls: Uint8Array | undefined,
  n: number,
  unsigned: boolean,
): BigInt64Array | BigUint64Array {
  // Storing into the typed array takes the value modulo 2^64.
  const out = unsigned ? new BigUint64Array(n) : new BigInt64Array(n);
  for (let i = 0; i < n; i++) if (!nulls?.[i]) out[i] = bigOp(op, bigAt(x, i), bigAt(y, i), unsigned);
  return out;
}

function bigOp(op: ArithOp, p: bigint, q: bigint, unsigned: boolean): bigint {
  switch (op) {
    case "+":
      return p + q;
    case "-":
      return p - q;
    case "*":
      return p * q;
    case "%":
      return p % q;
    case "div":
      return p / q;
    case "bin": {
      const rest = p % q;
      return p - (rest < 0n ? rest + q : rest);
    }
    case "&":
      return p & q;
    case "|":
      return p | q;
    case "^":
      return p ^ q;
    case "<<":
      return p << (q & 63n);
    case ">>":
      return (unsigned ? BigInt.asUintN(64, p) : BigInt.asIntN(64, p)) >> (q & 63n);
    default:
      throw new TypeError(`"${op}" is not defined for integers`);
  }
}
