import { type Cell, cellAt, type Results, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatValue } from "../format_value.ts";
import type { Target } from "./anchors.ts";

/**
 * A place in words: `cpu · all · usage` for the cell `/results/cpu/rows/0/1`. The row is named by its first text, else by
 * its number; what is no cell of a table is named by the steps of its pointer.
 */
export function placeName(target: Target, results: Results): string {
  const table = results[target.result];
  const [rows, row, column] = target.steps;
  const parts = [target.result];
  if (table?.kind === "table" && rows === "rows" && Number(row) < table.length) {
    if (table.length > 1) parts.push(rowName(table, Number(row)));
    const field = table.fields[Number(column)];
    if (field) parts.push(field.name);
  } else parts.push(...target.steps);
  return parts.filter((s) => s !== "").map((s) => escapeText(s, { limit: 60 })).join(" · ");
}

function rowName(table: Table, row: number): string {
  const at = table.fields.findIndex((f) => f.type === "string");
  const cell: Cell = at < 0 ? null : cellAt(table.columns[at], row);
  return cell === null ? `#${row}` : formatValue(cell, table.fields[at]);
}
