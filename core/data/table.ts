import { type Cell, cellAt, type Column, columnFrom } from "./column.ts";
import { type Quality, quality } from "./quality.ts";
import { defaultUnit, type FieldType, type Unit } from "./units.ts";

/** One field of a batch or table. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly unit: Unit;
  /** For `int`: values are unsigned 64-bit. Default signed. */
  readonly unsigned?: boolean;
  /** For `int` of a probe: only its bits are known, it may be a number or an address. Not in results. */
  readonly bare?: boolean;
  /** One sentence for `list -v`, hover and the model. */
  readonly doc?: string;
}

/** Rows by column. What flows between stages. */
export interface Batch {
  readonly length: number;
  readonly fields: readonly Field[];
  /** In the order of `fields`. */
  readonly columns: readonly Column[];
}

/** A result made of rows. */
export interface Table extends Batch {
  readonly kind: "table";
  readonly quality: Quality;
}

/** Short form of a field: `field("rss", "bytes", "Resident memory")`. */
export function field(name: string, type: FieldType, doc?: string, unit: Unit = defaultUnit(type)): Field {
  return doc === undefined ? { name, type, unit } : { name, type, unit, doc };
}

/** A table from rows of cells in the order of the fields. Meant for small results; hot paths build columns. */
export function tableFromRows(
  fields: readonly Field[],
  rows: readonly (readonly unknown[])[],
  q: Quality = quality({ events: rows.length }),
): Table {
  const columns = fields.map((f, i) => columnFrom(rows.map((r) => r[i]), f.unsigned));
  return { kind: "table", length: rows.length, fields, columns, quality: q };
}

/** The rows of a batch as arrays of cells in field order. */
export function rowsOf(batch: Batch): Cell[][] {
  const rows: Cell[][] = [];
  for (let i = 0; i < batch.length; i++) rows.push(batch.columns.map((c) => cellAt(c, i)));
  return rows;
}

/** The rows of a batch as objects by field name. For tools, rules and tests; not for hot paths. */
export function recordsOf(batch: Batch): Record<string, Cell>[] {
  return rowsOf(batch).map((row) => Object.fromEntries(batch.fields.map((f, i) => [f.name, row[i]])));
}

/** The index of a field, or -1. */
export function fieldIndex(batch: { readonly fields: readonly Field[] }, name: string): number {
  return batch.fields.findIndex((f) => f.name === name);
}
