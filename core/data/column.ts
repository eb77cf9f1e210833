/** Numbers that fit a double exactly (integers up to 2^53, floats). NaN in a float column is a value, not null. */
export interface NumberColumn {
  readonly kind: "number";
  readonly values: Float64Array;
  /** One byte a row, 1 = null; absent when no row is null. */
  readonly nulls?: Uint8Array;
}

/** 64-bit integers of which at least one may exceed 2^53. */
export interface BigColumn {
  readonly kind: "big";
  readonly values: BigInt64Array | BigUint64Array;
  readonly nulls?: Uint8Array;
}

/** Dictionary-coded text. A code of -1 is null. */
export interface StringColumn {
  readonly kind: "string";
  readonly codes: Int32Array;
  readonly dict: readonly string[];
}

/** Cells that are no scalars: stacks (`Frame[]`), histograms. `null` is null. */
export interface ObjectColumn {
  readonly kind: "object";
  readonly values: readonly unknown[];
}

/** One column of a batch or table. */
export type Column = NumberColumn | BigColumn | StringColumn | ObjectColumn;

/** A value of one cell, as code that handles single rows sees it. */
export type Cell = number | bigint | string | boolean | null | object;

/** The value at a row. Booleans come as 0 or 1: the field's type tells. */
export function cellAt(column: Column, row: number): Cell {
  switch (column.kind) {
    case "string": {
      const code = column.codes[row];
      return code < 0 ? null : column.dict[code];
    }
    case "object":
      return (column.values[row] ?? null) as Cell;
    default:
      return column.nulls?.[row] ? null : column.values[row];
  }
}

/**
 * Builds a column from single values, choosing the narrowest representation that keeps them exact.
 *
 * @param values numbers, bigints, booleans, strings, objects or null; `undefined` counts as null
 * @param unsigned whether integers over 2^53 are unsigned
 */
export function columnFrom(values: readonly unknown[], unsigned = false): Column {
  const n = values.length;
  let big = false;
  for (let i = 0; i < n; i++) {
    const v = values[i];
    if (v === null || v === undefined) continue;
    if (typeof v === "string") return stringColumn(values as (string | null | undefined)[]);
    if (typeof v === "object") return { kind: "object", values: values.map((x) => x ?? null) };
    if (typeof v === "bigint" && (v > MAX_SAFE || v < -MAX_SAFE)) big = true;
  }
  let nulls: Uint8Array | undefined;
  const isNull = (i: number): boolean => {
    if (values[i] !== null && values[i] !== undefined) return false;
    nulls ??= new Uint8Array(n);
    nulls[i] = 1;
    return true;
  };
  if (big) {
    const out = unsigned ? new BigUint64Array(n) : new BigInt64Array(n);
    for (let i = 0; i < n; i++) if (!isNull(i)) out[i] = BigInt(values[i] as bigint | number);
    return { kind: "big", values: out, nulls };
  }
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) if (!isNull(i)) out[i] = Number(values[i]);
  return { kind: "number", values: out, nulls };
}

function stringColumn(values: readonly (string | null | undefined)[]): StringColumn {
  const codes = new Int32Array(values.length);
  const index = new Map<string, number>();
  const dict: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === null || v === undefined) {
      codes[i] = -1;
      continue;
    }
    let code = index.get(v);
    if (code === undefined) {
      code = dict.length;
      index.set(v, code);
      dict.push(v);
    }
    codes[i] = code;
  }
  return { kind: "string", codes, dict };
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
