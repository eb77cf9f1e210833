import type { CompareOp } from "./_compare.ts";
import type { NumVec } from "./_vec.ts";

/** Numbers of rows, ascending; null for all of a batch. */
export type Rows = Int32Array | null;

/** Those of the rows for which a bool is true. Null is not. */
export function selectTrue({ values, nulls, mask }: NumVec, rows: Rows, length: number): Int32Array {
  const count = rows?.length ?? length;
  const out = new Int32Array(count);
  let n = 0;
  for (let k = 0; k < count; k++) {
    const i = rows === null ? k : rows[k], at = i & mask;
    if (values[at] !== 0 && !(nulls !== undefined && nulls[at] !== 0)) out[n++] = i;
  }
  return out.subarray(0, n);
}

/** Those of the rows for which `x op y` holds; without a column of bools in between. */
export function selectCompared(op: CompareOp, x: NumVec, y: NumVec, rows: Rows, length: number): Int32Array {
  const count = rows?.length ?? length;
  const out = new Int32Array(count);
  const a = x.values, b = y.values, am = x.mask, bm = y.mask;
  let n = 0;
  switch (op) {
    case "==":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] === b[i & bm]) out[n++] = i;
      }
      break;
    case "!=":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] !== b[i & bm]) out[n++] = i;
      }
      break;
    case "<":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] < b[i & bm]) out[n++] = i;
      }
      break;
    case "<=":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] <= b[i & bm]) out[n++] = i;
      }
      break;
    case ">":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] > b[i & bm]) out[n++] = i;
      }
      break;
    case ">=":
      for (let k = 0; k < count; k++) {
        const i = rows === null ? k : rows[k];
        if (a[i & am] >= b[i & bm]) out[n++] = i;
      }
      break;
  }
  return withValues(withValues(out.subarray(0, n), x), y);
}

/** Those of the rows where there is a value. */
function withValues(rows: Int32Array, { nulls, mask }: NumVec): Int32Array {
  if (!nulls) return rows;
  let n = 0;
  for (let k = 0; k < rows.length; k++) if (nulls[rows[k] & mask] === 0) rows[n++] = rows[k];
  return rows.subarray(0, n);
}
