import type { Quality } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { formatDuration, formatNumber, formatRatio } from "./format_value.ts";
import { message } from "./messages/message.ts";
import type { Lang } from "./options.ts";

/** One remark of a quality line and whether it is a warning. */
export interface QualityPart {
  readonly text: string;
  readonly warning: boolean;
}

/**
 * What there is to say about a quality, shortest first to read: the window, the events, what is not perfect, the cost.
 * Shared by every renderer.
 */
export function qualityParts(q: Quality, lang: Lang): QualityPart[] {
  const parts: QualityPart[] = [];
  const say = (text: string, warning = false): void => void parts.push({ text, warning });
  say(q.duration_ns > 0 ? formatDuration(q.duration_ns) : message(lang, "quality.snapshot"));
  if (q.events > 0) say(message(lang, "quality.events", { n: formatNumber(q.events) }));
  if (q.lost > 0) {
    const reasons = Object.entries(q.lost_by).filter(([, n]) => n > 0)
      .map(([why, n]) => `${escapeText(why, { limit: 40 })} ${formatNumber(n)}`).join(", ");
    const n = formatNumber(q.lost);
    say(reasons ? message(lang, "quality.lost_by", { n, reasons }) : message(lang, "quality.lost", { n }), true);
  } else if (q.events > 0) say(message(lang, "quality.lost", { n: 0 }));
  if (q.sampling < 1) say(message(lang, "quality.sampled", { ratio: formatRatio(q.sampling) }), true);
  else if (q.estimated) say(message(lang, "quality.estimated"), true);
  if (q.truncated > 0) say(message(lang, "quality.truncated", { n: formatNumber(q.truncated) }), true);
  if (q.unwind_failures > 0) say(message(lang, "quality.unwind", { n: formatNumber(q.unwind_failures) }), true);
  const unmatched = q.unmatched.starts + q.unmatched.ends + q.unmatched.replaced;
  if (unmatched > 0) say(message(lang, "quality.unmatched", { n: formatNumber(unmatched) }));
  if (q.cost.cpu_ns + q.cost.probe_ns > 0) {
    const key = q.cost.estimated ? "quality.cost_estimated" : "quality.cost";
    say(message(lang, key, { ratio: formatRatio(q.cost.ratio) }));
  }
  return parts;
}
