import { type Cell, cellAt, type Field, type Result, type Results, type Table } from "../data/mod.ts";
import { digest } from "../render/digest/digest.ts";
import { estimateTokens } from "../render/digest/tokens.ts";
import { escapeText } from "../render/escape.ts";
import { pointerToken } from "./json_pointer.ts";

/** How much of a result a model is shown: 1 by default, 2 once something is wrong, 3 for a deep look. */
export type DetailLevel = 1 | 2 | 3;

/** Rows of tables shown at each level. */
const ROWS: { readonly [level in DetailLevel]: number } = { 1: 10, 2: 30, 3: 1000 };
/** Text from the machine is cut to this. */
const MAX_TEXT = 80;

/**
 * The results of one call as text for a model, with the index of every row and column, so that values can be cited as
 * `/results/NAME/rows/ROW/COLUMN`. What does not fit is replaced by statistics of all rows.
 *
 * @param maxTokens for all results together
 */
export function digestResults(results: Results, level: DetailLevel, maxTokens: number): string {
  const names = Object.keys(results);
  const parts: string[] = [];
  let left = maxTokens;
  names.forEach((name, i) => {
    const text = digestResult(name, results[name], level, Math.max(60, left / (names.length - i)));
    left -= estimateTokens(text);
    parts.push(text);
  });
  return parts.join("\n");
}

/** One result within a number of tokens. */
export function digestResult(name: string, result: Result, level: DetailLevel, maxTokens: number): string {
  const at = `/results/${pointerToken(name)}`;
  switch (result.kind) {
    case "table":
      return fit((rows) => tableText(at, result, rows), Math.min(ROWS[level], result.length), maxTokens) +
        notesOf(result);
    default:
      return `${at}:\n${digest(result, level, maxTokens)}`;
  }
}

/** One line about a call that has left the window: the first row of each table. */
export function digestLine(results: Results): string {
  return Object.entries(results).flatMap(([name, r]) => {
    if (r.kind !== "table" || r.length === 0) return [];
    const cells = r.fields.flatMap((f, i) => {
      const text = cellText(cellAt(r.columns[i], 0), f);
      return text === "null" || text === "0" ? [] : [`${f.name}=${text}`];
    });
    return [`${name}[0]: ${cells.slice(0, 8).join(" ")}`];
  }).join("; ").slice(0, 600);
}

/** The longest form that fits, by halving the number of rows. */
function fit(text: (rows: number) => string, rows: number, maxTokens: number): string {
  for (let n = rows; n > 1; n = Math.floor(n / 2)) {
    const t = text(n);
    if (estimateTokens(t) <= maxTokens) return t;
  }
  return text(Math.min(1, rows));
}

function tableText(at: string, t: Table, rows: number): string {
  if (t.length === 0) return `${at}: no rows (fields: ${t.fields.map((f) => f.name).join(", ")})`;
  const all = t.fields.map((_, i) => i);
  // Columns without a value in any row tell nothing.
  const columns = all.filter((i) => {
    for (let row = 0; row < t.length; row++) if (cellAt(t.columns[i], row) !== null) return true;
    return false;
  });
  const head = columns.map((i) => `${i}=${t.fields[i].name}${t.fields[i].unit ? `(${t.fields[i].unit})` : ""}`);
  const lines = [`${at}/rows: ${t.length} rows; columns ${head.join(" ")}`];
  for (let row = 0; row < rows; row++) {
    lines.push(`${row}: ${columns.map((i) => cellText(cellAt(t.columns[i], row), t.fields[i])).join(" | ")}`);
  }
  if (rows < t.length) lines.push(`… ${t.length - rows} more rows; all rows: ${statistics(t, columns)}`);
  return lines.join("\n");
}

/** Sum, mean and maximum of each numeric column, over all rows. */
function statistics(t: Table, columns: readonly number[]): string {
  return columns.flatMap((i) => {
    const f = t.fields[i];
    if (["string", "pid", "tid", "address", "ip", "stack", "histogram", "bool", "time"].includes(f.type)) return [];
    let sum = 0;
    let n = 0;
    let max = -Infinity;
    for (let row = 0; row < t.length; row++) {
      const cell = cellAt(t.columns[i], row);
      if (typeof cell !== "number" && typeof cell !== "bigint") continue;
      const v = Number(cell);
      sum += v;
      n++;
      if (v > max) max = v;
    }
    return n === 0 || max === 0 ? [] : [`${f.name} sum ${num(sum)} mean ${num(sum / n)} max ${num(max)}`];
  }).join("; ");
}

function notesOf(r: Result): string {
  const q = r.quality;
  const parts = [
    ...(q.lost > 0 ? [`${q.lost} events lost`] : []),
    ...(q.estimated ? ["estimated"] : []),
    ...q.notes.slice(0, 5),
  ];
  return parts.length > 0 ? `\n(quality: ${escapeText(parts.join("; "), { limit: 400 })})` : "";
}

function cellText(cell: Cell, f: Field): string {
  if (cell === null) return "null";
  if (typeof cell === "string") return JSON.stringify(escapeText(cell, { limit: MAX_TEXT }));
  if (typeof cell === "boolean") return String(cell);
  if (typeof cell === "object") return "…";
  return f.type === "pid" || f.type === "tid" || f.type === "address" ? String(cell) : num(Number(cell));
}

function num(v: number): string {
  return Number.isFinite(v) ? String(Number(v.toPrecision(4))) : "null";
}
