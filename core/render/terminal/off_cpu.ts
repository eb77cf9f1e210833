import { type Cell, type Frame, recordsOf, type Results, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatDuration, formatRatio } from "../format_value.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { styleFor } from "../style.ts";
import { shortStack } from "./_short_stack.ts";
import { renderHistogram } from "./histogram.ts";
import { renderProfile } from "./profile.ts";
import { renderQuality } from "./quality.ts";
import { renderTable } from "./table.ts";

/** Waits that are shown with their stack. */
const STACKS = 10;
/** Rows of who ended waits. */
const WAKERS = 10;

/**
 * Times off the CPU as `sonde offcpu` shows them: how much, why, where (callers first, `⇒` where the kernel begins), who
 * ended the waits, how long they were. The quality, which all results share, stands once at the end.
 *
 * @param results summary, reasons, stacks, wakers, durations; the profile where it is of all time (`wall`)
 */
export function renderOffCpu(results: Results, options: RenderOptions): string {
  const { summary, reasons, stacks, wakers, durations, profile } = results;
  const style = styleFor(options);
  const width = usableWidth(options);
  const parts: string[] = [];
  const add = (title: string, body: string): void => {
    if (body !== "") parts.push(`${style.heading(title)}\n${body}`);
  };
  if (summary?.kind === "text") parts.push(escapeText(summary.text, { newlines: true, limit: 10_000 }));
  if (reasons?.kind === "table" && reasons.length > 0) add("Why", renderTable(reasons, { ...options, record: false }));
  if (stacks?.kind === "table") {
    const rows = recordsOf(stacks).slice(0, STACKS);
    add("Where", rows.flatMap((row) => [...waitLines(row, width, style.name, style.bold)]).join("\n"));
  }
  if (wakers?.kind === "table" && wakers.length > 0) {
    add("Who ended the waits", renderTable(without(wakers, ["share"]), { ...options, maxRows: WAKERS, record: false }));
  }
  if (durations?.kind === "histogram" && durations.buckets.length > 0) {
    add("How long they were", renderHistogram(durations, { ...options, width }));
  }
  if (profile?.kind === "profile" && profile.sampleTypes[0]?.name === "wall") {
    add("On and off the CPU together", renderProfile(profile, options));
  }
  const q = summary ? renderQuality(summary.quality, options) : "";
  return [...parts, ...(q === "" ? [] : [q])].join("\n\n");
}

type Paint = (text: string) => string;

/** A wait in one line, and its stack in the next. */
function waitLines(row: Record<string, Cell>, width: number, name: Paint, bold: Paint): string[] {
  const text = (cell: Cell): string => escapeText(String(cell ?? ""), { limit: 64 });
  const waits = Number(row.waits);
  const rest = [
    `${waits} ${waits === 1 ? "wait" : "waits"}`,
    ...(waits > 1 ? [`longest ${formatDuration(Number(row.max))}`] : []),
    ...(row.waker ? [`ended by ${text(row.waker)}`] : []),
  ].join(", ");
  const head =
    `${bold(formatDuration(Number(row.off_cpu)).padStart(8))} ${formatRatio(Number(row.share)).padStart(6)}  ` +
    `${text(row.reason)} in ${name(text(row.comm))} (${text(row.pid)}): ${rest}`;
  return Array.isArray(row.stack) ? [head, `    ${shortStack(row.stack as readonly Frame[], width - 4)}`] : [head];
}

function without(table: Table, names: readonly string[]): Table {
  const keep = table.fields.map((f, i) => names.includes(f.name) ? -1 : i).filter((i) => i >= 0);
  return { ...table, fields: keep.map((i) => table.fields[i]), columns: keep.map((i) => table.columns[i]) };
}
