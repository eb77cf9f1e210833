import type { Quality } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { message } from "../messages/message.ts";
import { PLAIN, type RenderOptions, usableWidth } from "../options.ts";
import { type QualityPart, qualityParts } from "../quality_parts.ts";
import { type Paint, styleFor } from "../style.ts";
import { displayWidth, wrap } from "../width.ts";

/** How a quality is shown. */
export interface QualityOptions extends RenderOptions {
  /** False counts the notes instead of showing them. Default true. */
  readonly notes?: boolean;
}

/**
 * How good a result is, in one dim line (`3 s · 12,345 events · 0 lost · cost 0.4 % of one CPU`), warnings in yellow,
 * and each note on a line of its own. Says nothing for a snapshot with nothing to remark.
 */
export function renderQuality(q: Quality, options: QualityOptions = PLAIN): string {
  const style = styleFor(options);
  const width = usableWidth(options);
  const parts = qualityParts(q, options.lang);
  if (options.notes === false && q.notes.length > 0) {
    parts.push({ text: message(options.lang, "quality.notes", { n: q.notes.length }), warning: false });
  }
  const lines: string[] = [];
  if (parts.length > 1 || q.duration_ns > 0) lines.push(...flow(parts, width, style.dim, style.warn));
  for (const note of options.notes === false ? [] : q.notes) {
    const [first, ...rest] = wrap(escapeText(note, { limit: 2000 }), width - 2);
    lines.push(style.dim(`· ${first}`), ...rest.map((line) => style.dim(`  ${line}`)));
  }
  return lines.join("\n");
}

/** Joins remarks with dots, breaking lines between them. */
function flow(parts: readonly QualityPart[], width: number, calm: Paint, warn: Paint): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const part of parts) {
    const w = displayWidth(part.text);
    if (used > 0 && used + 3 + w > width) {
      lines.push(line);
      line = "";
      used = 0;
    }
    if (used > 0) {
      line += calm(" · ");
      used += 3;
    }
    line += (part.warning ? warn : calm)(part.text);
    used += w;
  }
  if (line) lines.push(line);
  return lines;
}
