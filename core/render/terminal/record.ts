import { cellAt, type Table } from "../../data/mod.ts";
import { isQuiet } from "../cell_text.ts";
import { escapeText } from "../escape.ts";
import { formatValue } from "../format_value.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { type Style, styleFor } from "../style.ts";
import { displayWidth, pad, truncate } from "../width.ts";

interface Pair {
  readonly name: string;
  readonly value: string;
  readonly isText: boolean;
}

const GAP = 4;
const MOST_COLUMNS = 4;

/** A table of one row as pairs of name and value, in as many columns as fit, read downwards. */
export function renderRecord(table: Table, options: RenderOptions): string {
  const width = usableWidth(options);
  const pairs = table.fields.map((f, i): Pair => ({
    name: truncate(escapeText(f.name, { limit: 80 }), 30),
    value: formatValue(cellAt(table.columns[i], 0), f),
    isText: f.type === "string" || f.type === "stack",
  }));
  for (let n = Math.min(MOST_COLUMNS, Math.ceil(pairs.length / 2)); n >= 1; n--) {
    const rows = Math.ceil(pairs.length / n);
    const columns = Array.from({ length: n }, (_, c) => pairs.slice(c * rows, (c + 1) * rows));
    if (n > 1 && totalWidth(columns) > width) continue;
    return layOut(columns, rows, width, styleFor(options));
  }
  return "";
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(displayWidth));

function totalWidth(columns: readonly (readonly Pair[])[]): number {
  return columns.reduce(
    (sum, pairs) => sum + longest(pairs.map((p) => p.name)) + 2 + longest(pairs.map((p) => p.value)) + GAP,
    -GAP,
  );
}

function layOut(columns: readonly (readonly Pair[])[], rows: number, width: number, style: Style): string {
  const sizes = columns.map((pairs) => {
    const name = longest(pairs.map((p) => p.name));
    const natural = longest(pairs.map((p) => p.value));
    return { name, value: columns.length === 1 ? Math.min(natural, width - name - 2) : natural };
  });
  return Array.from({ length: rows }, (_, r) =>
    columns.map((pairs, c) => {
      const p = pairs[r];
      if (p === undefined) return "";
      const text = truncate(p.value, sizes[c].value);
      const value = pad(text, sizes[c].value, p.isText || columns.length === 1 ? "left" : "right");
      const name = style.dim(pad(p.name, sizes[c].name));
      return `${name}  ${isQuiet(text) ? style.dim(value) : value}`;
    }).join(" ".repeat(GAP)).trimEnd()).join("\n");
}
