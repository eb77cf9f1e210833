import { type Cell, cellAt, type Field, type Table } from "../../data/mod.ts";
import { isNumeric } from "../cell_text.ts";
import { formatValue } from "../format_value.ts";
import { lineStats } from "../series_stats.ts";
import { neutral } from "./neutral.ts";

/** How the numbers of a column are written: divided, with the unit in the header. */
interface Scale {
  readonly divisor: number;
  readonly unit: string;
}

const DURATIONS: readonly Scale[] = [
  { divisor: 1, unit: "ns" },
  { divisor: 1e3, unit: "us" },
  { divisor: 1e6, unit: "ms" },
  { divisor: 1e9, unit: "s" },
];
const SIZES: readonly Scale[] = ["B", "KiB", "MiB", "GiB", "TiB"].map((unit, i) => ({ divisor: 1024 ** i, unit }));
const PLAIN: Scale = { divisor: 1, unit: "" };

/**
 * A table as TSV with units in the header. Columns of nothing but zeros and nulls are named, not shown. The second list
 * holds lines to keep whatever is cut: the statistics of numeric columns when not all rows are there.
 */
export function tableLines(
  table: Table,
  maxRows: number,
  maxText: number,
): { lines: string[]; statistics: string[] } {
  const columns = table.fields.map((field, i) => {
    const cells = Array.from({ length: table.length }, (_, row) => cellAt(table.columns[i], row));
    return { field, cells, scale: scaleOf(field, cells) };
  });
  const isEmpty = (cells: readonly Cell[]): boolean =>
    cells.every((c) => c === null || c === 0 || c === 0n || c === "");
  const shown = columns.filter((c, i) => i === 0 || !isEmpty(c.cells));
  const empty = columns.filter((c) => !shown.includes(c)).map((c) => c.field.name);
  const lines = [shown.map((c) => header(c.field, c.scale)).join("\t")];
  const rows = Math.min(maxRows, table.length);
  for (let row = 0; row < rows; row++) {
    lines.push(shown.map((c) => write(c.cells[row], c.field, c.scale, maxText)).join("\t"));
  }
  if (empty.length > 0) lines.push(`# all zero or null: ${empty.map((name) => neutral(name, 80)).join(", ")}`);
  const numeric = shown.filter((c) => isNumeric(c.field) && !["pid", "tid", "address", "time"].includes(c.field.type));
  const statistics = numeric.map(({ field, cells, scale }) => {
    const values = cells.filter((c) => c !== null).map(Number);
    const s = lineStats(values);
    const text = (v: number): string => short(v / scale.divisor);
    return `# ${header(field, scale)}: count ${values.length}, min ${text(s.min)}, mean ${text(s.mean)}, max ${
      text(s.max)
    }`;
  });
  return { lines, statistics: [`# ${table.length} rows in all`, ...statistics] };
}

function header(field: Field, { unit }: Scale): string {
  return unit === "" ? neutral(field.name, 80) : `${neutral(field.name, 80)} [${unit}]`;
}

/** The largest unit in which the column's typical large value is at least 1. */
function scaleOf(field: Field, cells: readonly Cell[]): Scale {
  const max =
    lineStats(cells.filter((c) => typeof c === "number" || typeof c === "bigint").map((c) => Math.abs(Number(c)))).max;
  const among = (scales: readonly Scale[]): Scale => scales.findLast((s) => max >= s.divisor) ?? scales[0];
  switch (field.type) {
    case "duration":
      return among(DURATIONS);
    case "bytes":
      return among(SIZES);
    case "ratio":
      return { divisor: 0.01, unit: "%" };
    case "rate":
      if (field.unit !== "bytes/s") return { divisor: 1, unit: "/s" };
      return { divisor: among(SIZES).divisor, unit: `${among(SIZES).unit}/s` };
    default:
      return field.unit === "ns" && field.type !== "time"
        ? among(DURATIONS)
        : field.unit === "bytes"
        ? among(SIZES)
        : PLAIN;
  }
}

function write(cell: Cell, field: Field, scale: Scale, maxText: number): string {
  if (cell === null) return "-";
  if (typeof cell === "string") return neutral(cell, maxText);
  if (typeof cell === "object") return neutral(formatValue(cell, field), maxText);
  if (scale.divisor === 1 && scale.unit !== "/s") {
    return field.type === "int" ? String(cell) : formatValue(cell, field).replaceAll(",", "");
  }
  return short(Number(cell) / scale.divisor);
}

/** A number with four significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return Math.abs(value) >= 1e4 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}
