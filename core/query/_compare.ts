import type { BinaryOp } from "./expr.ts";
import { anyNull, maskOf, type NumVec, span, type StrVec, textAt, type Vec } from "./_vec.ts";

/** The six comparisons. */
export type CompareOp = Extract<BinaryOp, "==" | "!=" | "<" | "<=" | ">" | ">=">;

/** `x op y` as bools; null where a side is null. Numbers compare by value whatever their signs and widths. */
export function compare(op: CompareOp, x: Vec, y: Vec, rows: number): NumVec {
  const n = span([x, y], rows);
  const mask = maskOf([x, y]);
  const nulls = anyNull([x, y], n);
  let values: Float64Array;
  if (x.kind === "string" && y.kind === "string") {
    values = y.mask === 0 ? textWithConstant(op, x, y, n) : texts(op, x, y, n);
  } else if (x.kind === "number" && y.kind === "number") {
    values = numbers(op, x, y, n);
  } else if (isNumber(x) && isNumber(y)) {
    values = new Float64Array(n);
    // JavaScript compares bigints of both signs, and bigints with numbers, by exact value.
    for (let i = 0; i < n; i++) values[i] = holds(op, x.values[i & x.mask], y.values[i & y.mask]) ? 1 : 0;
  } else if (n === 0 || nulls?.every((b) => b === 1)) {
    values = new Float64Array(n);
  } else {
    throw new TypeError(`a ${x.kind} and a ${y.kind} column cannot be compared`);
  }
  return { kind: "number", values, nulls, mask };
}

function isNumber(v: Vec): v is Extract<Vec, { kind: "number" | "big" }> {
  return v.kind === "number" || v.kind === "big";
}

function numbers(op: CompareOp, x: NumVec, y: NumVec, n: number): Float64Array {
  const out = new Float64Array(n);
  const a = x.values, b = y.values, am = x.mask, bm = y.mask;
  switch (op) {
    case "==":
      for (let i = 0; i < n; i++) out[i] = a[i & am] === b[i & bm] ? 1 : 0;
      break;
    case "!=":
      for (let i = 0; i < n; i++) out[i] = a[i & am] !== b[i & bm] ? 1 : 0;
      break;
    case "<":
      for (let i = 0; i < n; i++) out[i] = a[i & am] < b[i & bm] ? 1 : 0;
      break;
    case "<=":
      for (let i = 0; i < n; i++) out[i] = a[i & am] <= b[i & bm] ? 1 : 0;
      break;
    case ">":
      for (let i = 0; i < n; i++) out[i] = a[i & am] > b[i & bm] ? 1 : 0;
      break;
    case ">=":
      for (let i = 0; i < n; i++) out[i] = a[i & am] >= b[i & bm] ? 1 : 0;
      break;
  }
  return out;
}

function textWithConstant(op: CompareOp, x: StrVec, y: StrVec, n: number): Float64Array {
  const want = textAt(y, 0);
  return mapText(x, n, (text) => holds(op, text, want) ? 1 : 0);
}

function texts(op: CompareOp, x: StrVec, y: StrVec, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const p = textAt(x, i), q = textAt(y, i);
    if (p !== undefined && q !== undefined) out[i] = holds(op, p, q) ? 1 : 0;
  }
  return out;
}

/** A function of each row's text, computed once for each entry of the dictionary that is used. */
export function mapText(x: StrVec, n: number, f: (text: string) => number): Float64Array {
  const out = new Float64Array(n);
  const { codes, dict, mask } = x;
  const known = new Float64Array(dict.length);
  const seen = new Uint8Array(dict.length);
  for (let i = 0; i < n; i++) {
    const code = codes[i & mask];
    if (code < 0) continue;
    if (seen[code] === 0) {
      seen[code] = 1;
      known[code] = f(dict[code]);
    }
    out[i] = known[code];
  }
  return out;
}

function holds(op: CompareOp, p: number | bigint | string, q: number | bigint | string): boolean {
  switch (op) {
    case "==":
      // deno-lint-ignore eqeqeq -- 1n and 1 are the same value
      return p == q;
    case "!=":
      // deno-lint-ignore eqeqeq -- 1n and 1 are the same value
      return p != q;
    case "<":
      return p < q;
    case "<=":
      return p <= q;
    case ">":
      return p > q;
    case ">=":
      return p >= q;
  }
}
