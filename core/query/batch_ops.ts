import type { Batch, Column, Field } from "../data/mod.ts";
import { defaultUnit } from "../data/mod.ts";
import { compileExpr, compileFilter } from "./compile_expr.ts";
import type { Bindings, Expr, NamedExpr, ValueType } from "./expr.ts";

/** The rows of a column with these numbers, in their order. */
export function takeColumn(column: Column, rows: Int32Array): Column {
  const n = rows.length;
  switch (column.kind) {
    case "number": {
      const values = new Float64Array(n), from = column.values;
      for (let i = 0; i < n; i++) values[i] = from[rows[i]];
      return column.nulls
        ? { kind: "number", values, nulls: takeBytes(column.nulls, rows) }
        : { kind: "number", values };
    }
    case "big": {
      const values = column.values instanceof BigInt64Array ? new BigInt64Array(n) : new BigUint64Array(n);
      for (let i = 0; i < n; i++) values[i] = column.values[rows[i]];
      return column.nulls ? { kind: "big", values, nulls: takeBytes(column.nulls, rows) } : { kind: "big", values };
    }
    case "string": {
      const codes = new Int32Array(n), from = column.codes;
      for (let i = 0; i < n; i++) codes[i] = from[rows[i]];
      return { kind: "string", codes, dict: column.dict };
    }
    case "object":
      return { kind: "object", values: Array.from(rows, (row) => column.values[row]) };
  }
}

function takeBytes(bytes: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = bytes[rows[i]];
  return out;
}

/** The rows of a column with these numbers, null for -1. */
export function takeColumnOrNull(column: Column, rows: Int32Array): Column {
  if (!rows.includes(-1)) return takeColumn(column, rows);
  const n = rows.length;
  switch (column.kind) {
    case "string": {
      const codes = new Int32Array(n);
      for (let i = 0; i < n; i++) codes[i] = rows[i] < 0 ? -1 : column.codes[rows[i]];
      return { kind: "string", codes, dict: column.dict };
    }
    case "object":
      return { kind: "object", values: Array.from(rows, (row) => row < 0 ? null : column.values[row]) };
    case "number": {
      const values = new Float64Array(n);
      for (let i = 0; i < n; i++) if (rows[i] >= 0) values[i] = column.values[rows[i]];
      return { kind: "number", values, nulls: takeNulls(column.nulls, rows) };
    }
    case "big": {
      const values = column.values instanceof BigInt64Array ? new BigInt64Array(n) : new BigUint64Array(n);
      for (let i = 0; i < n; i++) if (rows[i] >= 0) values[i] = column.values[rows[i]];
      return { kind: "big", values, nulls: takeNulls(column.nulls, rows) };
    }
  }
}

function takeNulls(nulls: Uint8Array | undefined, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = rows[i] < 0 ? 1 : nulls?.[rows[i]] ?? 0;
  return out;
}

/** The rows of a batch with these numbers, in their order. */
export function takeRows(batch: Batch, rows: Int32Array): Batch {
  return { length: rows.length, fields: batch.fields, columns: batch.columns.map((c) => takeColumn(c, rows)) };
}

/** `filter`: the rows for which the condition is true (null is not). */
export function filterBatch(batch: Batch, expr: Expr, bindings: Bindings = {}): Batch {
  const rows = compileFilter(expr, batch.fields, bindings)(batch);
  return rows.length === batch.length ? batch : takeRows(batch, rows);
}

/** The field that a value of type `t` makes. A value of no type is text that is always null. */
export function fieldOf(name: string, t: ValueType): Field {
  const type = t.type === "null" ? "string" : t.type;
  const unit = t.type === "null" ? defaultUnit(type) : t.unit;
  return t.unsigned ? { name, type, unit, unsigned: true } : { name, type, unit };
}

/** `select`: these columns and no others. */
export function projectBatch(batch: Batch, columns: readonly NamedExpr[], bindings: Bindings = {}): Batch {
  return {
    length: batch.length,
    fields: columns.map((c) => keptField(batch, c) ?? fieldOf(c.name, c.expr.t)),
    columns: columns.map((c) => compileExpr(c.expr, batch.fields, bindings)(batch)),
  };
}

/** A column passed on under its own name keeps its documentation. */
function keptField(batch: Batch, c: NamedExpr): Field | undefined {
  const { expr } = c;
  if (expr.op !== "field") return undefined;
  const f = batch.fields.find((f) => f.name === expr.name);
  return f && { ...f, name: c.name };
}

/**
 * `derive`: adds columns, one after the other, so that later ones can name earlier ones. A name that is there already
 * is replaced in its place.
 */
export function deriveBatch(batch: Batch, derived: readonly NamedExpr[], bindings: Bindings = {}): Batch {
  let out = batch;
  for (const d of derived) {
    const column = compileExpr(d.expr, out.fields, bindings)(out);
    const field = fieldOf(d.name, d.expr.t);
    const at = out.fields.findIndex((f) => f.name === d.name);
    out = at < 0
      ? { length: out.length, fields: [...out.fields, field], columns: [...out.columns, column] }
      : { length: out.length, fields: out.fields.with(at, field), columns: out.columns.with(at, column) };
  }
  return out;
}

/** `limit`: the first rows. */
export function limitBatch(batch: Batch, count: number): Batch {
  if (batch.length <= count) return batch;
  return takeRows(batch, Int32Array.from({ length: Math.max(0, count) }, (_, i) => i));
}
