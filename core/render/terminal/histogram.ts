import type { HistogramCell } from "../../data/mod.ts";
import { barText } from "../bars.ts";
import { openRange } from "../bucket_range.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { histogramCount, histogramRows } from "../histogram_rows.ts";
import { histogramSummary } from "../histogram_summary.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { styleFor } from "../style.ts";
import { displayWidth, pad, wrap } from "../width.ts";

const MOST_ROWS = 24;

/**
 * A histogram as bars, one row a range, with the quantiles below.
 *
 * @param options.summary false where exact quantiles stand beside it
 */
export function renderHistogram(
  histogram: HistogramCell,
  options: RenderOptions & { readonly summary?: boolean },
): string {
  const style = styleFor(options);
  const total = histogramCount(histogram.buckets);
  if (total === 0) return style.dim(message(options.lang, "result.empty"));
  const unit = histogram.unit;
  const rows = histogramRows(histogram.buckets, MOST_ROWS);
  const open = rows.map((r) => openRange(r, unit));
  const from = rows.map((r, i) => open[i] === null ? formatByUnit(r.min, unit) : "");
  const to = rows.map((r, i) => open[i] === null ? formatByUnit(r.max, unit) : "");
  const counts = rows.map((r) => formatNumber(r.count));
  const fromWidth = Math.max(...from.map(displayWidth));
  const openWidth = Math.max(0, ...open.map((text) => displayWidth(text ?? "")));
  const toWidth = Math.max(openWidth - fromWidth - 3, ...to.map(displayWidth));
  const countWidth = Math.max(...counts.map(displayWidth));
  const room = Math.min(60, usableWidth(options) - fromWidth - toWidth - countWidth - 9);
  const most = Math.max(...rows.map((r) => r.count));
  const lines = rows.map((r, i) => {
    const range = style.dim(
      open[i] !== null
        ? pad(open[i], fromWidth + 3 + toWidth, "right")
        : `${pad(from[i], fromWidth, "right")} – ${pad(to[i], toWidth, "right")}`,
    );
    const count = pad(counts[i], countWidth, "right");
    return `${range}  ${r.count === 0 ? style.dim(count) : count} ${style.dim("▕")}${
      style.bar(barText(r.count / most, room))
    }`;
  });
  if (options.summary === false) return lines.join("\n");
  const summary = wrap(histogramSummary(histogram.buckets, unit, options.lang), usableWidth(options));
  return [...lines, ...summary.map(style.dim)].join("\n");
}
