import { type Batch, type Column, type Field, fieldIndex } from "../data/mod.ts";

/** A column with what is known of it. */
export interface NamedColumn {
  readonly field: Field;
  readonly column: Column;
}

/** @throws {TypeError} when there is no column of this name */
export function namedColumn(batch: Batch, name: string): NamedColumn {
  const i = fieldIndex(batch, name);
  if (i >= 0) return { field: batch.fields[i], column: batch.columns[i] };
  throw new TypeError(`there is no column "${name}" among ${batch.fields.map((f) => f.name).join(", ") || "none"}`);
}

/** A number for each row: doubles, of 64-bit integers the nearest; NaN for null. @throws {TypeError} for text and stacks */
export function doublesOf({ field, column }: NamedColumn, rows: number): Float64Array {
  if (column.kind !== "number" && column.kind !== "big") {
    // A column of nulls only may be stored as anything.
    const empty = column.kind === "string"
      ? column.codes.every((code) => code < 0)
      : column.values.every((v) => v === null || v === undefined);
    if (empty) return new Float64Array(rows).fill(NaN);
    throw new TypeError(`the column "${field.name}" holds no numbers`);
  }
  const { values, nulls } = column;
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) out[i] = nulls && nulls[i] !== 0 ? NaN : Number(values[i]);
  return out;
}
