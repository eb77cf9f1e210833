import { type Cell, type Frame, type HistogramCell, recordsOf, type Results, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatDuration } from "../format_value.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { styleFor } from "../style.ts";
import { shortStack } from "./_short_stack.ts";
import { renderHistogram } from "./histogram.ts";
import { renderQuality } from "./quality.ts";
import { renderTable } from "./table.ts";

/** Functions whose distribution is drawn on its own. */
const HISTOGRAMS = 3;

/** What of calls is shown. */
export interface CallsView extends RenderOptions {
  /** Most rows of a table. */
  readonly top: number;
  /** Stacks frame by frame, not in a line. */
  readonly wholeStacks: boolean;
}

/**
 * Calls as `sonde calls` shows them: functions, how their latency is spread, errors, the slowest with their stacks,
 * processes. The quality, which all results share, stands once at the end.
 *
 * @param results functions, latency, errors, slowest, processes
 */
export function renderCalls(results: Results, options: CallsView): string {
  const { functions, latency, errors, slowest, processes } = results;
  const style = styleFor(options);
  const width = usableWidth(options);
  const parts: string[] = [];
  const add = (title: string, body: string): void => void parts.push(`${style.heading(title)}\n${body}`);
  const tables = { ...options, maxRows: options.top, record: false };
  if (functions?.kind !== "table") return "";
  const rows = recordsOf(functions);
  if (rows.length === 0) parts.push("Nothing was called.");
  else add("Functions", renderTable(without(functions, ["target", "latency"]), tables));
  for (const row of rows.slice(0, HISTOGRAMS)) {
    const name = escapeText(String(row.function), { limit: 80 });
    add(`Latency of ${name}`, renderHistogram(row.latency as HistogramCell, { ...options, width, summary: false }));
  }
  if (rows.length > HISTOGRAMS && latency?.kind === "histogram") {
    add(`Latency of all ${rows.length} functions`, renderHistogram(latency, { ...options, width }));
  }
  if (errors?.kind === "table" && errors.length > 0) add("Errors", renderTable(without(errors, ["target"]), tables));
  if (slowest?.kind === "table" && slowest.length > 0) {
    const lines = recordsOf(slowest).flatMap((row) => [
      `${style.bold(formatDuration(Number(row.duration)).padStart(8))}  ${callText(row, style.name)}`,
      ...stackLines(row.stack, width, options.wholeStacks).map(style.dim),
    ]);
    add("Slowest", lines.join("\n"));
  }
  if (processes?.kind === "table" && processes.length > 0) {
    const drop = rows.length > 1 ? ["target"] : ["target", "function"];
    add("Processes", renderTable(without(processes, drop), tables));
  }
  const q = renderQuality(functions.quality, options);
  return [...parts, ...(q === "" ? [] : [q])].join("\n\n");
}

/** `read(fd=3, count=4096) = 4096  in cat (1234)` */
function callText(row: Readonly<Record<string, Cell>>, name: (text: string) => string): string {
  const text = (cell: Cell, limit = 64): string => escapeText(String(cell ?? ""), { limit });
  const thread = row.tid === row.pid ? "" : `, thread ${text(row.tid)}`;
  const result = row.result === "" ? "" : ` = ${text(row.result)}`;
  return `${name(text(row.function, 80))}(${text(row.arguments, 200)})${result}  in ${text(row.comm)} (${
    text(row.pid)
  }${thread})`;
}

function stackLines(stack: Cell, width: number, whole: boolean): string[] {
  if (!Array.isArray(stack) || stack.length === 0) return [];
  const frames = stack as readonly Frame[];
  // Of a process that had ended before anybody looked there is nothing to tell.
  if (frames.every((f) => f.function === "[unknown]")) return [];
  if (!whole) return [`          ${shortStack(frames, width - 10)}`];
  return [...frames].reverse().map((f) =>
    `          ${escapeText(f.function, { limit: 120 })}${f.kind === "kernel" ? " [kernel]" : ""}`
  );
}

function without(table: Table, names: readonly string[]): Table {
  const keep = table.fields.map((f, i) => names.includes(f.name) ? -1 : i).filter((i) => i >= 0);
  return { ...table, fields: keep.map((i) => table.fields[i]), columns: keep.map((i) => table.columns[i]) };
}
