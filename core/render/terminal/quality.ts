import type { Quality } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { PLAIN, type RenderOptions, usableWidth } from "../options.ts";
import { type QualityPart, qualityParts } from "../quality_parts.ts";
import { type Paint, styleFor } from "../style.ts";
import { displayWidth, wrap } from "../width.ts";

/**
 * How good a result is, in one dim line (`3 s · 12,345 events · 0 lost · cost 0.4 % of one CPU`), warnings in yellow,
 * and each note on a line of its own. Says nothing for a snapshot with nothing to remark.
 */
export function renderQuality(q: Quality, options: RenderOptions = PLAIN): string {
  const style = styleFor(options);
  const width = usableWidth(options);
  const parts = qualityParts(q, options.lang);
  const lines: string[] = [];
  if (parts.length > 1 || q.duration_ns > 0) lines.push(...flow(parts, width, style.dim, style.warn));
  for (const note of q.notes) {
    const [first, ...rest] = wrap(escapeText(note, { limit: 2000 }), width - 2);
    lines.push(style.warn(`! ${first}`), ...rest.map((line) => style.warn(`  ${line}`)));
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
