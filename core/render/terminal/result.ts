import type { Quality, Result } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { PLAIN, usableWidth } from "../options.ts";
import { styleFor } from "../style.ts";
import { renderHistogram } from "./histogram.ts";
import { renderProfile } from "./profile.ts";
import { renderQuality } from "./quality.ts";
import { renderSeries } from "./series.ts";
import { renderTable, type TableOptions } from "./table.ts";

/**
 * Any result for a terminal: its name as a heading (none when empty), the data, the quality line. Ends without a newline.
 */
export function renderResult(name: string, result: Result, options: TableOptions = PLAIN): string {
  return underHeading(name, renderBody(result, options), result.quality, options);
}

/** What a result says between its name and its quality. */
export function underHeading(name: string, body: string, quality: Quality, options: TableOptions): string {
  const parts = name === "" ? [] : [styleFor(options).heading(escapeText(name, { limit: 200 }))];
  parts.push(body);
  const q = renderQuality(quality, options);
  if (q !== "") parts.push(q);
  return parts.join("\n");
}

/** A result's data, in the form that its kind has. */
export function renderBody(result: Result, options: TableOptions): string {
  switch (result.kind) {
    case "table":
      return renderTable(result, options);
    case "histogram":
      return renderHistogram(result, { ...options, width: usableWidth(options) });
    case "profile":
      return renderProfile(result, options);
    case "series":
      return renderSeries(result, options);
    case "text":
      return escapeText(result.text.replaceAll("\r\n", "\n").replaceAll("\t", "    "), {
        newlines: true,
        limit: 10_000_000,
      }).trimEnd();
  }
}
