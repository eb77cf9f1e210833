import { cellAt, type Field, type Frame, type HistogramCell, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { frameParts } from "../stack_text.ts";
import { styleFor } from "../style.ts";
import { displayWidth, truncate } from "../width.ts";
import { renderHistogram } from "./histogram.ts";

const INDENT = 4;
/** Histograms of more rows are drawn within their cells. */
const MOST_HISTOGRAMS = 12;
const MOST_FRAMES = 48;

/** Whether the cells of a column need lines of their own, below their row. */
export function isNested(field: Field, rows: number, histograms?: "bars" | "cells"): boolean {
  if (field.type === "stack") return true;
  return field.type === "histogram" && (histograms ? histograms === "bars" : rows <= MOST_HISTOGRAMS);
}

/**
 * What stands below a row: its stacks leaf first, one frame a line, and its histograms as bars.
 *
 * @param columns indexes of the nested columns
 * @param labelled whether each is preceded by its name, also where there is only one
 */
export function nestedLines(
  table: Table,
  row: number,
  columns: readonly number[],
  labelled: boolean,
  options: RenderOptions,
): string[] {
  const style = styleFor(options);
  const inner = { ...options, width: Math.max(24, usableWidth(options) - INDENT) };
  const lines: string[] = [];
  for (const i of columns) {
    const field = table.fields[i];
    const cell = cellAt(table.columns[i], row);
    const label = escapeText(field.name, { limit: 80 });
    if (cell === null || (Array.isArray(cell) && cell.length === 0)) {
      lines.push(style.dim(`${label}  -`));
      continue;
    }
    if (labelled || columns.length > 1 || field.type === "histogram") lines.push(style.dim(label));
    if (field.type === "histogram") lines.push(...renderHistogram(cell as HistogramCell, inner).split("\n"));
    else lines.push(...frameLines(cell as readonly Frame[], inner));
  }
  return lines.map((line) => " ".repeat(INDENT) + line);
}

function frameLines(frames: readonly Frame[], options: RenderOptions): string[] {
  const style = styleFor(options);
  const width = usableWidth(options);
  const shown = frames.toReversed().slice(0, MOST_FRAMES);
  const lines = shown.map((f) => {
    const { name, place } = frameParts(f);
    const text = truncate(name, width);
    const room = width - displayWidth(text) - 2;
    const painted = f.kind === "kernel" ? style.warn(text) : text;
    return place !== "" && room >= 6 ? `${painted}  ${style.dim(truncate(place, room))}` : painted;
  });
  const more = frames.length - shown.length;
  if (more > 0) lines.push(style.dim(message(options.lang, "stack.more", { n: more })));
  return lines;
}
