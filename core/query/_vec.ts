import type { Column } from "../data/mod.ts";

/**
 * What expressions are computed on: columns, or single values that stand for a whole column. `mask` is 0 for a single
 * value (held at index 0) and -1 for a column, so that one loop reads both as `values[i & mask]`.
 */
export interface NumVec {
  readonly kind: "number";
  readonly values: Float64Array;
  readonly nulls: Uint8Array | undefined;
  readonly mask: 0 | -1;
}

/** Exact 64-bit integers. */
export interface BigVec {
  readonly kind: "big";
  readonly values: BigInt64Array | BigUint64Array;
  readonly nulls: Uint8Array | undefined;
  readonly mask: 0 | -1;
}

/** Dictionary-coded text; code -1 is null. */
export interface StrVec {
  readonly kind: "string";
  readonly codes: Int32Array;
  readonly dict: readonly string[];
  readonly mask: 0 | -1;
}

/** Stacks and histograms: they can be passed on, not computed with. */
export interface ObjVec {
  readonly kind: "object";
  readonly values: readonly unknown[];
  readonly mask: 0 | -1;
}

export type Vec = NumVec | BigVec | StrVec | ObjVec;

/** The largest integer up to which doubles are exact without doubt: 2^53 - 1. */
export const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const BIG_SAFE = BigInt(MAX_SAFE);

export function vecOf(column: Column): Vec {
  return column.kind === "number" || column.kind === "big"
    ? { kind: column.kind, values: column.values, nulls: column.nulls, mask: -1 } as Vec
    : { ...column, mask: -1 };
}

/** A single value as a vector. */
export function constant(value: bigint | number | string | boolean | null): Vec {
  switch (typeof value) {
    case "string":
      return { kind: "string", codes: new Int32Array(1), dict: [value], mask: 0 };
    case "bigint":
      if (value <= BIG_SAFE && value >= -BIG_SAFE) return number(Number(value));
      return {
        kind: "big",
        values: value > 0x7fff_ffff_ffff_ffffn ? BigUint64Array.of(value) : BigInt64Array.of(value),
        nulls: undefined,
        mask: 0,
      };
    case "object":
      return NULL;
    default:
      return number(Number(value));
  }
}

function number(value: number): NumVec {
  return { kind: "number", values: Float64Array.of(value), nulls: undefined, mask: 0 };
}

/** The null that stands for every row. */
export const NULL: NumVec = { kind: "number", values: new Float64Array(1), nulls: Uint8Array.of(1), mask: 0 };

/** The vector as a column of `n` rows. */
export function columnOf(vec: Vec, n: number): Column {
  const v = vec.mask === 0 ? spread(vec, n) : vec;
  switch (v.kind) {
    case "string":
      return { kind: "string", codes: v.codes, dict: v.dict };
    case "object":
      return { kind: "object", values: v.values };
    case "big":
      return v.nulls ? { kind: "big", values: v.values, nulls: v.nulls } : { kind: "big", values: v.values };
    case "number":
      return v.nulls ? { kind: "number", values: v.values, nulls: v.nulls } : { kind: "number", values: v.values };
  }
}

function spread(v: Vec, n: number): Vec {
  switch (v.kind) {
    case "string":
      return { ...v, codes: new Int32Array(n).fill(v.codes[0]), mask: -1 };
    case "object":
      return { ...v, values: new Array(n).fill(v.values[0]), mask: -1 };
    case "big": {
      const values = v.values instanceof BigInt64Array ? new BigInt64Array(n) : new BigUint64Array(n);
      // Over no rows there is no value either, and fill() wants one.
      return { ...v, values: n === 0 ? values : values.fill(v.values[0]), nulls: spreadNulls(v.nulls, n), mask: -1 };
    }
    case "number":
      return { ...v, values: new Float64Array(n).fill(v.values[0]), nulls: spreadNulls(v.nulls, n), mask: -1 };
  }
}

function spreadNulls(nulls: Uint8Array | undefined, n: number): Uint8Array | undefined {
  return nulls?.[0] ? new Uint8Array(n).fill(1) : undefined;
}

/** How many rows an operation on these has to compute: 1 when all are single values. */
export function span(vecs: readonly Vec[], n: number): number {
  return vecs.every((v) => v.mask === 0) ? Math.min(n, 1) : n;
}

/** Whether row `i` is null. */
export function nullAt(v: Vec, i: number): boolean {
  const j = i & v.mask;
  switch (v.kind) {
    case "string":
      return v.codes[j] < 0;
    case "object":
      return v.values[j] === null || v.values[j] === undefined;
    default:
      return v.nulls !== undefined && v.nulls[j] !== 0;
  }
}

/** One byte a row, 1 where any of the vectors is null; undefined when none is. */
export function anyNull(vecs: readonly Vec[], n: number): Uint8Array | undefined {
  let out: Uint8Array | undefined;
  for (const v of vecs) {
    if (v.kind === "number" || v.kind === "big") {
      const nulls = v.nulls;
      if (!nulls) continue;
      out ??= new Uint8Array(n);
      const mask = v.mask;
      for (let i = 0; i < n; i++) out[i] |= nulls[i & mask];
    } else {
      for (let i = 0; i < n; i++) {
        if (!nullAt(v, i)) continue;
        out ??= new Uint8Array(n);
        out[i] = 1;
      }
    }
  }
  return out;
}

/** The mask of a result computed over `n` rows from these. */
export function maskOf(vecs: readonly Vec[]): 0 | -1 {
  return vecs.every((v) => v.mask === 0) ? 0 : -1;
}

/** A vector's values as doubles; big integers are rounded. */
export function doubles(v: Vec): NumVec {
  if (v.kind === "number") return v;
  if (v.kind !== "big") throw new TypeError(`a ${v.kind} column is no number`);
  const values = new Float64Array(v.values.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(v.values[i]);
  return { kind: "number", values, nulls: v.nulls, mask: v.mask };
}

/** One integer as a bigint; what is no integer (a null's filler) is cut to one. */
export function bigAt(v: NumVec | BigVec, i: number): bigint {
  const x = v.values[i & v.mask];
  if (typeof x === "bigint") return x;
  return Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n;
}

/** The text of row `i`; meaningless where the row is null. */
export function textAt(v: StrVec, i: number): string {
  return v.dict[v.codes[i & v.mask]];
}
