import type { Bucket, Unit } from "../data/mod.ts";
import { formatByUnit, formatNumber } from "./format_value.ts";
import { histogramCount, histogramQuantile } from "./histogram_rows.ts";
import { message } from "./messages/message.ts";
import type { Lang } from "./options.ts";

/** A histogram in one line: how many values, three quantiles, the upper end. Must have buckets. */
export function histogramSummary(buckets: readonly Bucket[], unit: Unit, lang: Lang): string {
  const first = buckets[0], last = buckets[buckets.length - 1];
  const at = (q: number): string => {
    const value = histogramQuantile(buckets, q);
    if (value === -Infinity) return `< ${formatByUnit(first.max, unit)}`;
    return value === Infinity ? `≥ ${formatByUnit(last.min, unit)}` : formatByUnit(Math.round(value), unit);
  };
  const max = last.max === Infinity ? `≥ ${formatByUnit(last.min, unit)}` : `< ${formatByUnit(last.max, unit)}`;
  const n = formatNumber(histogramCount(buckets));
  return message(lang, "histogram.summary", { n, p50: at(0.5), p90: at(0.9), p99: at(0.99), max });
}
