import type { Quality } from "../../data/mod.ts";
import { formatTime } from "../format_value.ts";
import type { Lang } from "../options.ts";
import { qualityParts } from "../quality_parts.ts";

/** What stands below a chart's title: what is given, when it began, how good it is. */
export function chartSubtitle(parts: readonly string[], startNs: bigint | null, q: Quality | null, lang: Lang): string {
  const when = startNs !== null && startNs > 0n ? [formatTime(startNs).replace(/\.\d+Z$/, "Z")] : [];
  const quality = q === null || q.duration_ns === 0 && q.lost === 0 && !q.estimated
    ? []
    : qualityParts(q, lang).map((p) => p.text);
  return [...parts, ...when, ...quality].filter((s) => s !== "").join(" · ");
}
