import { type Batch, type Column, columnFrom, type Field } from "../../core/data/mod.ts";
import { takeRows } from "../../core/query/mod.ts";

/** Rows that are kept until the end of a window. */
export interface RowStore {
  /** Rows that came after the store was full. */
  readonly lost: number;
  readonly length: number;
  add(batch: Batch): void;
  /** All rows in the order in which they came. */
  rows(): Batch;
  /** Keeps only these rows from now on. */
  replace(batch: Batch): void;
}

/** @param limit most rows kept */
export function rowStore(fields: readonly Field[], limit: number): RowStore {
  let parts: Batch[] = [];
  let length = 0;
  let lost = 0;
  return {
    get lost(): number {
      return lost;
    },
    get length(): number {
      return length;
    },
    add(batch): void {
      const room = limit - length;
      lost += Math.max(0, batch.length - room);
      const kept = batch.length <= room ? batch : takeRows(batch, Int32Array.from({ length: room }, (_, i) => i));
      if (kept.length === 0) return;
      parts.push(kept);
      length += kept.length;
    },
    rows: () => concat(fields, parts),
    replace(batch): void {
      parts = batch.length > 0 ? [batch] : [];
      length = batch.length;
    },
  };
}

/** Batches with the same fields as one. */
export function concat(fields: readonly Field[], parts: readonly Batch[]): Batch {
  if (parts.length === 1) return parts[0];
  const length = parts.reduce((n, p) => n + p.length, 0);
  return { length, fields, columns: fields.map((f, i) => concatColumns(f, parts.map((p) => p.columns[i]), length)) };
}

function concatColumns(f: Field, parts: readonly Column[], length: number): Column {
  const kinds = new Set(parts.map((p) => p.kind));
  if (kinds.size === 0) return emptyColumn(f);
  if (kinds.size === 1 && kinds.has("string")) {
    return concatTexts(parts as Extract<Column, { kind: "string" }>[], length);
  }
  if (kinds.size === 1 && kinds.has("number")) {
    return concatNumbers(parts as Extract<Column, { kind: "number" }>[], length);
  }
  // Rare mixtures (some parts exceed 2^53, some are all null) take the way of single cells.
  const cells: unknown[] = [];
  for (const part of parts) {
    const rows = part.kind === "string" ? part.codes.length : part.values.length;
    for (let i = 0; i < rows; i++) {
      if (part.kind === "string") cells.push(part.codes[i] < 0 ? null : part.dict[part.codes[i]]);
      else if (part.kind === "object") cells.push(part.values[i]);
      else cells.push(part.nulls?.[i] ? null : part.values[i]);
    }
  }
  return columnFrom(cells, f.unsigned);
}

function concatNumbers(parts: readonly Extract<Column, { kind: "number" }>[], length: number): Column {
  const values = new Float64Array(length);
  let nulls: Uint8Array | undefined;
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    if (part.nulls) (nulls ??= new Uint8Array(length)).set(part.nulls, at);
    at += part.values.length;
  }
  return nulls ? { kind: "number", values, nulls } : { kind: "number", values };
}

function concatTexts(parts: readonly Extract<Column, { kind: "string" }>[], length: number): Column {
  const codes = new Int32Array(length);
  const dict: string[] = [];
  const index = new Map<string, number>();
  let at = 0;
  for (const part of parts) {
    const map = part.dict.map((text) => {
      let code = index.get(text);
      if (code === undefined) {
        code = dict.length;
        index.set(text, code);
        dict.push(text);
      }
      return code;
    });
    for (const code of part.codes) codes[at++] = code < 0 ? -1 : map[code];
  }
  return { kind: "string", codes, dict };
}

function emptyColumn(f: Field): Column {
  if (f.type === "string" || f.type === "ip") return { kind: "string", codes: new Int32Array(0), dict: [] };
  if (f.type === "stack" || f.type === "histogram") return { kind: "object", values: [] };
  return { kind: "number", values: new Float64Array(0) };
}
