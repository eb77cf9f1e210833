import { cellAt, type Field, type Frame, type Result, resultToJson, type Table } from "../data/mod.ts";
import { foldedStack } from "./stack_text.ts";

/**
 * A result as CSV (RFC 4180, with a header, LF line ends). Values are raw: durations in nanoseconds, ratios 0–1,
 * addresses `0x…`, null empty, stacks folded (`main;caller;leaf`). Text that a spreadsheet would take for a formula gets a leading apostrophe. A profile has
 * a line for each stack, its labels before it; a series one for each point, in nanoseconds from its start.
 */
export function resultToCsv(result: Result): string {
  switch (result.kind) {
    case "table":
      return tableCsv(result);
    case "histogram":
      return lines(["min", "max", "count"], result.buckets.map((b) => [b.min, b.max, b.count]));
    case "series":
      return lines(
        ["name", "t_ns", "v"],
        result.points.flatMap((p) => p.v.map((v, i) => [p.name, p.tNs[i], v])),
      );
    case "profile": {
      const labels = [...new Set(result.stacks.flatMap((s) => Object.keys(s.labels)))];
      return lines(
        [...labels, "stack", ...result.sampleTypes.map((t) => t.name)],
        result.stacks.map((s) => [
          ...labels.map((l) => s.labels[l]),
          foldedStack(s.frames.map((f) => result.frames[f])),
          ...s.values,
        ]),
      );
    }
    case "text":
      return lines(["text"], result.text.split("\n").map((line) => [line]));
  }
}

function tableCsv(table: Table): string {
  const json = resultToJson(table) as { rows: unknown[][] };
  const header = table.fields.map((f: Field) => f.name);
  return lines(
    header,
    json.rows.map((row, r) =>
      row.map((cell, i) => {
        const raw = cellAt(table.columns[i], r);
        if (raw === null) return cell;
        const { type } = table.fields[i];
        return type === "stack" ? foldedStack(raw as Frame[]) : type === "histogram" ? JSON.stringify(cell) : cell;
      })
    ),
  );
}

function lines(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [header, ...rows].map((row) => row.map(csvCell).join(",")).join("\n") + "\n";
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
  if (typeof value !== "string") return String(value);
  // OWASP "CSV injection": names of processes are chosen by others.
  const text = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
