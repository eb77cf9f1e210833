import {
  type Cell,
  cellAt,
  type Field,
  type Profile,
  type Result,
  type Results,
  type Series,
  type Table,
} from "../data/mod.ts";
import { escapeText } from "../render/escape.ts";
import { pointerToken } from "./json_pointer.ts";
import { estimateTokens } from "./tokens.ts";

/** How much of a result a model is shown: 1 by default, 2 once something is wrong, 3 for a deep look. */
export type DetailLevel = 1 | 2 | 3;

/** Rows and stacks shown at each level. */
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
    case "profile":
      return fit((n) => profileText(at, result, n), level === 1 ? 0 : ROWS[level], maxTokens) + notesOf(result);
    case "histogram": {
      const buckets = result.buckets.filter((b) => b.count > 0);
      const line = (n: number): string =>
        `${at}: histogram (${result.unit ?? "count"}), ${buckets.length} buckets: ` +
        buckets.slice(0, n).map((b) => `[${num(b.min)},${num(b.max)}) ${num(b.count)}`).join(" ");
      return fit(line, level === 1 ? 20 : buckets.length, maxTokens) + notesOf(result);
    }
    case "series":
      return seriesText(at, result, level, maxTokens) + notesOf(result);
    case "text":
      return `${at}: ${escapeText(result.text, { limit: Math.floor(maxTokens * 3), newlines: true })}${
        notesOf(result)
      }`;
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

function profileText(at: string, p: Profile, stacks: number): string {
  const total = p.stacks.reduce((sum, s) => sum + (s.values[0] || 0), 0);
  const lines = [`${at}: profile, ${num(total)} ${p.sampleTypes[0]?.name ?? "samples"}, ${p.stacks.length} stacks`];
  const sorted = [...p.stacks].sort((a, b) => b.values[0] - a.values[0]).slice(0, stacks);
  for (const s of sorted) {
    const chain = s.frames.map((f) => escapeText(p.frames[f].function || "[unknown]", { limit: MAX_TEXT })).join(";");
    lines.push(`${escapeText(s.labels.comm ?? "", { limit: 40 })};${chain} ${num(s.values[0])}`);
  }
  return lines.join("\n");
}

function seriesText(at: string, s: Series, level: DetailLevel, maxTokens: number): string {
  const line = (points: number): string =>
    [
      `${at}: series (${s.unit ?? "count"})`,
      ...s.points.slice(0, 30).map((p) => {
        const known = p.v.filter(Number.isFinite);
        if (known.length === 0) return `${escapeText(p.name, { limit: MAX_TEXT })}: no values`;
        const mean = known.reduce((a, b) => a + b, 0) / known.length;
        // Not Math.min(...known): a long history has more values than a call takes arguments.
        const [min, max] = known.reduce(([lo, hi], v) => [Math.min(lo, v), Math.max(hi, v)], [Infinity, -Infinity]);
        const tail = points > 1 ? `; last: ${p.v.slice(-points).map(num).join(" ")}` : "";
        return `${escapeText(p.name, { limit: MAX_TEXT })}: ${known.length} points, min ${num(min)} mean ${
          num(mean)
        } max ${num(max)} last ${num(known[known.length - 1])}${tail}`;
      }),
    ].join("\n");
  return fit(line, level === 1 ? 1 : 300, maxTokens);
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
