import { compare } from "./_compare.ts";
import { maskOf, nullAt, type NumVec, span, type Vec } from "./_vec.ts";

/** Three-valued `and` / `or`: a side that decides alone wins over null. */
export function andOr(op: "and" | "or", x: Vec, y: Vec, rows: number): NumVec {
  const n = span([x, y], rows);
  const deciding = op === "or" ? 1 : 0;
  const a = bools(x), b = bools(y);
  const out = new Float64Array(n);
  if (!a.nulls && !b.nulls) {
    for (let i = 0; i < n; i++) {
      const p = a.values[i & a.mask] !== 0, q = b.values[i & b.mask] !== 0;
      out[i] = (deciding === 1 ? p || q : p && q) ? 1 : 0;
    }
    return { kind: "number", values: out, nulls: undefined, mask: maskOf([x, y]) };
  }
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < n; i++) {
    const p = truth(a, i), q = truth(b, i);
    if (p === deciding || q === deciding) out[i] = deciding;
    else if (p === null || q === null) (nulls ??= new Uint8Array(n))[i] = 1;
    else out[i] = 1 - deciding;
  }
  return { kind: "number", values: out, nulls, mask: maskOf([x, y]) };
}

/** `not x`; null stays null. */
export function not(x: Vec, rows: number): NumVec {
  const n = span([x], rows);
  const v = bools(x);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = v.values[i & v.mask] === 0 ? 1 : 0;
  return { kind: "number", values, nulls: v.nulls, mask: v.mask };
}

/** `x in (list)`: true when any is equal, else null when x or any item is null, else false. */
export function isIn(x: Vec, list: readonly Vec[], rows: number): NumVec {
  const all = [x, ...list];
  const n = span(all, rows);
  const values = new Float64Array(n);
  let nulls: Uint8Array | undefined;
  const set = constants(x, list);
  if (set) {
    const codesKnown = x.kind === "string" ? x.dict.map((text) => set.has(text)) : null;
    for (let i = 0; i < n; i++) {
      if (nullAt(x, i)) (nulls ??= new Uint8Array(n))[i] = 1;
      else if (x.kind === "string" && codesKnown) values[i] = codesKnown[x.codes[i & x.mask]] ? 1 : 0;
      else if (x.kind === "number") values[i] = set.has(x.values[i & x.mask]) ? 1 : 0;
    }
    return { kind: "number", values, nulls, mask: maskOf(all) };
  }
  let result: NumVec = { kind: "number", values: new Float64Array(n), nulls: undefined, mask: maskOf(all) };
  for (const item of list) result = andOr("or", result, compare("==", x, item, rows), rows);
  return result;
}

/** The items as a set, when all are single values of the same representation as `x`. */
function constants(x: Vec, list: readonly Vec[]): Set<unknown> | null {
  const set = new Set<unknown>();
  for (const item of list) {
    if (item.mask !== 0 || item.kind !== x.kind || nullAt(item, 0)) return null;
    if (item.kind === "string") set.add(item.dict[item.codes[0]]);
    else if (item.kind === "number") set.add(item.values[0]);
    else return null;
  }
  return set;
}

function bools(v: Vec): NumVec {
  if (v.kind !== "number") throw new TypeError(`a ${v.kind} column is no bool`);
  return v;
}

function truth(v: NumVec, i: number): 0 | 1 | null {
  if (v.nulls?.[i & v.mask]) return null;
  return v.values[i & v.mask] === 0 ? 0 : 1;
}
