import { cellAt, type Field, type Table } from "../../data/mod.ts";
import { cellText, headerText, isNumeric, isQuiet } from "../cell_text.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { type Style, styleFor } from "../style.ts";
import { displayWidth, pad, truncate, wrap } from "../width.ts";
import { isNested, nestedLines } from "./nested.ts";
import { renderRecord } from "./record.ts";

/** How a table is laid out. */
export interface TableOptions extends RenderOptions {
  /** Rows shown at most; the rest is counted. Default: all. */
  readonly maxRows?: number;
  /** Lists a table of one row as name and value pairs. Default true. */
  readonly record?: boolean;
  /** Histograms as bars below their row, or as a shape in their cell. Default: as bars in a table of few rows. */
  readonly histograms?: "bars" | "cells";
}

interface Column {
  readonly field: Field;
  readonly index: number;
  readonly header: string;
  readonly cells: readonly string[];
  readonly numeric: boolean;
  /** Columns that the longest cell or the header takes. */
  readonly natural: number;
  readonly least: number;
  readonly empty: boolean;
  /** Holds only nulls. */
  readonly unknown: boolean;
  /** The rows fall by it, from the highest to a lower one: they seem to be sorted by it. */
  readonly falls: boolean;
}

const GAP = 2;
const TEXT_LEAST = 12;
const TEXT_MOST = 60;
/** Which end of a text tells more: of paths the last part, of commands the first. */
const KEEP_END = /(^|_)(path|cgroup|file|module)$/;

/**
 * A table for a terminal: numbers right-aligned with their unit in the header or the cell, text cut to what fits, zeros and
 * nulls dimmed. Stacks, and the histograms of few rows, stand below their row. Of columns that do not fit, those that hold
 * nothing but zeros, or nothing that is known, go first; the first column stays, and that by which the rows seem to be sorted.
 * What is left out is named below the table.
 */
export function renderTable(table: Table, options: TableOptions): string {
  const style = styleFor(options);
  if (table.length === 0) return style.dim(message(options.lang, "table.empty"));
  const rows = Math.min(table.length, options.maxRows ?? table.length);
  const nested = table.fields.flatMap((f, i) => isNested(f, rows, options.histograms) ? [i] : []);
  if (table.length === 1 && table.fields.length > 3 && (options.record ?? true)) {
    const record = renderRecord(withoutColumns(table, nested), options);
    return [record, ...nestedLines(table, 0, nested, true, options)].join("\n");
  }
  const all = table.fields.flatMap((field, index) =>
    nested.includes(index) ? [] : [layColumn(table, field, index, rows)]
  );
  if (all.length === 0) {
    const blocks = Array.from({ length: rows }, (_, row) => nestedLines(table, row, nested, true, options).join("\n"));
    const more = table.length - rows;
    if (more > 0) blocks.push(style.dim(message(options.lang, "table.more_rows", { n: more })));
    return blocks.join("\n\n");
  }
  const { shown, empty, unknown, hidden } = choose(all, usableWidth(options));
  const widths = shareWidth(shown, usableWidth(options));
  const last = shown.length - 1;
  const lines = [shown.map((c, i) => style.heading(fit(c.header, c, widths[i], i === last))).join(" ".repeat(GAP))];
  for (let row = 0; row < rows; row++) {
    lines.push(
      shown.map((c, i) => paint(style, fit(c.cells[row], c, widths[i], i === last), c.cells[row], c.numeric))
        .join(" ".repeat(GAP)).trimEnd(),
    );
    if (nested.length > 0) lines.push(...nestedLines(table, row, nested, false, options), "");
  }
  if (lines[lines.length - 1] === "") lines.pop();
  const remarks: string[] = [];
  if (rows < table.length) remarks.push(message(options.lang, "table.more_rows", { n: table.length - rows }));
  if (hidden.length > 0) remarks.push(message(options.lang, "table.hidden", { columns: hidden.join(", ") }));
  if (empty.length > 0) remarks.push(message(options.lang, "table.hidden_empty", { columns: empty.join(", ") }));
  if (unknown.length > 0) remarks.push(message(options.lang, "table.hidden_unknown", { columns: unknown.join(", ") }));
  for (const remark of remarks) lines.push(...wrap(remark, usableWidth(options)).map(style.dim));
  return lines.join("\n");
}

function withoutColumns(table: Table, left: readonly number[]): Table {
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, i) => !left.includes(i));
  return { ...table, fields: keep(table.fields), columns: keep(table.columns) };
}

function layColumn(table: Table, field: Field, index: number, rows: number): Column {
  const column = table.columns[index];
  const numeric = isNumeric(field);
  const header = headerText(field);
  const cells: string[] = [];
  let longest = displayWidth(header);
  for (let row = 0; row < rows; row++) {
    const text = cellText(cellAt(column, row), field);
    cells.push(text);
    longest = Math.max(longest, displayWidth(text));
  }
  // What is said of a column that is left out holds for all rows, also those that are not shown.
  let empty = table.length > 1;
  let unknown = empty;
  for (let row = 0; empty && row < table.length; row++) {
    const cell = cellAt(column, row);
    if (cell !== null) unknown = false;
    if (cell !== null && cell !== 0 && cell !== 0n && cell !== "") empty = false;
  }
  const natural = numeric ? longest : Math.min(longest, TEXT_MOST);
  return {
    field,
    index,
    header,
    cells,
    numeric,
    natural,
    least: numeric ? natural : Math.min(natural, TEXT_LEAST),
    empty,
    unknown,
    falls: numeric && falls(table, index),
  };
}

function falls(table: Table, index: number): boolean {
  const cell = (row: number): number => Number(cellAt(table.columns[index], row) ?? NaN);
  for (let row = 1; row < table.length; row++) {
    if (!(cell(row) <= cell(row - 1))) return false;
  }
  return table.length > 1 && cell(0) > cell(table.length - 1);
}

/** Which columns fit: all when they can; else without the empty ones; else what sorts them, and as many from the left as fit. */
function choose(
  all: readonly Column[],
  width: number,
): { shown: readonly Column[]; empty: string[]; unknown: string[]; hidden: string[] } {
  const need = (columns: readonly Column[]): number =>
    columns.reduce((sum, c) => sum + c.least, 0) + GAP * (columns.length - 1);
  if (need(all) <= width) return { shown: all, empty: [], unknown: [], hidden: [] };
  const full = all.filter((c, i) => i === 0 || !c.empty);
  const left = all.filter((c) => !full.includes(c));
  const empty = left.filter((c) => !c.unknown).map((c) => c.header);
  const unknown = left.filter((c) => c.unknown).map((c) => c.header);
  const sorts = full.find((c) => c.falls);
  let shown = full.slice(0, 1);
  for (const column of sorts ? [sorts, ...full] : full) {
    if (!shown.includes(column) && need([...shown, column]) <= width) shown.push(column);
  }
  shown = full.filter((c) => shown.includes(c));
  const hidden = full.filter((c) => !shown.includes(c)).map((c) => c.header);
  return { shown, empty, unknown, hidden };
}

/** Gives text columns what is left, the neediest last. */
function shareWidth(columns: readonly Column[], width: number): number[] {
  const widths = columns.map((c) => c.least);
  let left = width - widths.reduce((a, b) => a + b, 0) - GAP * (columns.length - 1);
  while (left > 0) {
    const wanting = columns.map((_, i) => i).filter((i) => widths[i] < columns[i].natural);
    if (wanting.length === 0) break;
    for (const i of wanting) {
      if (left === 0) break;
      widths[i]++;
      left--;
    }
  }
  const only = columns.length - 1;
  // The last text column may run on to the edge instead of stopping at the usual limit.
  if (left > 0 && !columns[only].numeric) widths[only] += left;
  return widths;
}

function fit(text: string, column: Column, width: number, last: boolean): string {
  const cut = truncate(text, width, KEEP_END.test(column.field.name) && text !== column.header ? "start" : "end");
  if (column.numeric) return pad(cut, width, "right");
  return last ? cut : pad(cut, width);
}

function paint(style: Style, padded: string, text: string, numeric: boolean): string {
  return text === "-" || (numeric && isQuiet(text)) ? style.dim(padded) : padded;
}
