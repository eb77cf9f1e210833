import { type Batch, type Column, columnFrom, type Field } from "../data/mod.ts";

/** Batches with the same fields as one. */
export function concatBatches(fields: readonly Field[], parts: readonly Batch[]): Batch {
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
  if (kinds.size === 1 && kinds.has("object")) {
    return { kind: "object", values: (parts as Extract<Column, { kind: "object" }>[]).flatMap((p) => p.values) };
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
  if (parts.every((p) => p.dict === parts[0].dict)) {
    // Batches of one reader share a list that only grows.
    let from = 0;
    for (const part of parts) {
      codes.set(part.codes, from);
      from += part.codes.length;
    }
    return { kind: "string", codes, dict: parts[0].dict };
  }
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
