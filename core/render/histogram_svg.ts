import type { Bucket, Histogram } from "../data/mod.ts";
import { bucketRange } from "./bucket_range.ts";
import { bottomAxis, CHART_TOP, CHART_WIDTH, chartSvg, labelWidth, valueAxis } from "./chart/svg.ts";
import { chartSubtitle } from "./chart/subtitle.ts";
import { roundUp, tickText, valueTicks } from "./chart/ticks.ts";
import { formatNumber, formatRatio } from "./format_value.ts";
import { histogramCount, histogramQuantile, histogramRows } from "./histogram_rows.ts";
import { histogramSummary } from "./histogram_summary.ts";
import { h } from "./html/markup.ts";
import { message } from "./messages/message.ts";
import type { Lang } from "./options.ts";
import { displayWidth } from "./width.ts";

/** How a histogram is drawn. */
export interface HistogramSvgOptions {
  readonly title: string;
  /** Default `en`. */
  readonly lang?: Lang;
}

const PLOT_HEIGHT = 300;
const MOST_BARS = 48;
const QUANTILES = [["p50", 0.5], ["p90", 0.9], ["p99", 0.99]] as const;

/** A histogram as one SVG file: a column for each range, the quantiles as lines. */
export function histogramSvg(histogram: Histogram, options: HistogramSvgOptions): string {
  const lang = options.lang ?? "en";
  const { unit, buckets } = histogram;
  const total = histogramCount(buckets);
  const rows = total > 0 ? histogramRows(buckets, MOST_BARS) : [];
  const most = Math.max(1, ...rows.map((r) => r.count));
  const high = roundUp(0, most, 5, "count");
  const ticks = valueTicks(0, high, 5, "count", 1);
  const left = labelWidth(ticks.map((v) => tickText(v, "count")));
  const area = { x: left, y: CHART_TOP + 18, width: CHART_WIDTH - left - 32, height: PLOT_HEIGHT };
  const y = (count: number): number => area.y + (1 - count / high) * area.height;
  const each = area.width / Math.max(1, rows.length);
  const bars = rows.map((r, i) => {
    if (r.count === 0) return null;
    const top = Math.min(y(r.count), area.y + area.height - 1);
    const size = h`width="${Math.max(1, each - 1.5).toFixed(1)}" height="${(area.y + area.height - top).toFixed(1)}"`;
    const title = `${bucketRange(r, unit)} · ${formatNumber(r.count)} · ${formatRatio(r.count / total)}`;
    return h`<rect class="bar" x="${(area.x + i * each).toFixed(1)}" y="${
      top.toFixed(1)
    }" ${size}><title>${title}</title></rect>`;
  });
  const body = h`${valueAxis(area, ticks, y, "count")}${bars}${
    bottomAxis(area, edges(rows, each, unit).map(({ at, text }) => ({ x: area.x + at * each, text })))
  }${
    quantiles(buckets, rows).map(({ at, names }) => {
      const x = (area.x + at * each).toFixed(1);
      return h`<path class="mark" d="M${x} ${area.y - 4}V${area.y + area.height}"/><text class="x soft" x="${x}" y="${
        area.y - 9
      }">${names}</text>`;
    })
  }`;
  const summary = total > 0 ? histogramSummary(buckets, unit, lang) : message(lang, "result.empty");
  const subtitle = chartSubtitle([summary], null, histogram.quality, lang);
  return chartSvg(options.title, subtitle, area.y + area.height + 36, body);
}

/** Which edges between columns are labelled: as many as fit beside one another. `at` counts columns. */
function edges(rows: readonly Bucket[], each: number, unit: Histogram["unit"]): { at: number; text: string }[] {
  const all = rows.flatMap((r, i) => [
    ...(Number.isFinite(r.min) ? [{ at: i, text: tickText(r.min, unit) }] : []),
    ...(i === rows.length - 1 && Number.isFinite(r.max) ? [{ at: i + 1, text: tickText(r.max, unit) }] : []),
  ]);
  const widest = Math.max(1, ...all.map((e) => displayWidth(e.text) * 6.8 + 16));
  const step = Math.max(1, Math.ceil(widest / each));
  return all.filter((_, i) => i % step === 0);
}

/** Where the quantiles lie, in columns; those that would overlap share a line. */
function quantiles(buckets: readonly Bucket[], rows: readonly Bucket[]): { at: number; names: string }[] {
  const out: { at: number; names: string }[] = [];
  for (const [name, q] of QUANTILES) {
    const value = histogramQuantile(buckets, q);
    const i = rows.findIndex((r) => value >= r.min && value <= r.max);
    if (i < 0 || !Number.isFinite(value)) continue;
    const { min, max } = rows[i];
    const at = i + (Number.isFinite(max - min) && max > min ? (value - min) / (max - min) : 0.5);
    const last = out[out.length - 1];
    if (last && at - last.at < rows.length / 24) last.names += `, ${name}`;
    else out.push({ at, names: name });
  }
  return out;
}
