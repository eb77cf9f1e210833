import type { Histogram, Result, Results, Series } from "../../data/mod.ts";
import { formatByUnit, formatDuration } from "../format_value.ts";
import { histogramRows } from "../histogram_rows.ts";
import { histogramSummary } from "../histogram_summary.ts";
import { qualityParts } from "../quality_parts.ts";
import { lineStats } from "../series_stats.ts";
import { profileLines } from "./_profile.ts";
import { short, tableLines } from "./_table.ts";
import { neutral } from "./neutral.ts";
import { fitLines } from "./tokens.ts";

/** How much a model is told: 1 by default, 2 when something is odd, 3 for a deep diagnosis. */
export type DigestLevel = 1 | 2 | 3;

const ROWS = { 1: 10, 2: 30, 3: 1000 } as const;
const TEXT = { 1: 60, 2: 120, 3: 300 } as const;
const LINES = { 1: 12, 2: 100, 3: 1000 } as const;
/** Five minutes of one-second values at level 2. */
const POINTS = { 1: 0, 2: 300, 3: 1000 } as const;

/**
 * A result in the fewest words that still tell a model what it says: key figures first, then as much as the level and the
 * limit of tokens allow; what is cut is counted, and statistics of what was cut are kept. Strings from the machine are
 * neutralised, not fenced.
 *
 * @param maxTokens by {@linkcode estimateTokens}; at least about 40
 */
export function digest(result: Result, level: DigestLevel, maxTokens: number): string {
  const head = headLines(result);
  switch (result.kind) {
    case "table": {
      const { lines, statistics } = tableLines(result, ROWS[level], TEXT[level]);
      const whole = [...head, ...lines].join("\n");
      if (result.length <= ROWS[level] && fitLines([...head, ...lines], maxTokens) === whole) return whole;
      return fitLines([...head, ...lines, ...statistics], maxTokens, statistics.length);
    }
    case "histogram":
      return fitLines([...head, ...histogramLines(result, level)], maxTokens);
    case "profile":
      return fitLines([...head, ...profileLines(result, level)], maxTokens);
    case "series":
      return fitLines([...head, ...seriesLines(result, level, maxTokens)], maxTokens);
    case "text": {
      const all = result.text.trimEnd().split("\n");
      const lines = all.slice(0, LINES[level]).map((line) => neutral(line, 500));
      const more = all.length - lines.length;
      return fitLines([...head, ...lines, ...(more > 0 ? [`# ${more} more lines`] : [])], maxTokens);
    }
  }
}

/** Several results, each under its name, within one limit. Small ones leave their share to those after them. */
export function digestResults(results: Results, level: DigestLevel, maxTokens: number): string {
  const entries = Object.entries(results);
  const parts: string[] = [];
  let left = maxTokens;
  // Smallest first, so that what they do not need goes to the others; shown in the given order.
  const full = entries.map(([name, r]) => ({ name, text: digest(r, level, maxTokens), r }));
  const byCost = [...full].sort((a, b) => a.text.length - b.text.length);
  const chosen = new Map<string, string>();
  byCost.forEach(({ name, r }, i) => {
    const share = Math.floor(left / (byCost.length - i));
    const text = digest(r, level, share - 10);
    chosen.set(name, text);
    left -= Math.ceil(text.length / 3) + 10;
  });
  for (const [name] of entries) parts.push(`## ${neutral(name, 80)}\n${chosen.get(name)}`);
  return parts.join("\n");
}

function headLines(result: Result): string[] {
  const parts = qualityParts(result.quality, "en").map((p) => (p.warning ? "WARNING " : "") + p.text);
  return [`# ${parts.join(", ")}`, ...result.quality.notes.slice(0, 10).map((n) => `# note: ${neutral(n, 300)}`)];
}

function histogramLines(h: Histogram, level: DigestLevel): string[] {
  if (h.buckets.length === 0) return ["# no values"];
  const lines = [`# ${histogramSummary(h.buckets, h.unit, "en")}`];
  if (level === 1) return lines;
  const rows = level === 2 ? histogramRows(h.buckets, 24) : h.buckets;
  return [
    ...lines,
    "from\tto\tcount",
    ...rows.filter((r) => r.count > 0).map((r) =>
      `${formatByUnit(r.min, h.unit)}\t${formatByUnit(r.max, h.unit)}\t${r.count}`
    ),
  ];
}

function seriesLines(series: Series, level: DigestLevel, maxTokens: number): string[] {
  const lines = ["line\tpoints\tmin\tmean\tmax\tlast"];
  for (const p of series.points) {
    const s = lineStats(p.v);
    const values = [s.min, s.mean, s.max, s.last].map((v) => formatByUnit(v, series.unit));
    lines.push([neutral(p.name, 120), p.v.length, ...values].join("\t"));
  }
  if (level === 1) return lines;
  // About three tokens a value, and a fifth of the limit for all else.
  const most = Math.min(POINTS[level], Math.max(10, Math.floor(maxTokens * 0.8 / 3 / series.points.length)));
  for (const p of series.points) {
    // The newest values are the ones asked about.
    const v = p.v.slice(-most);
    const t = p.tNs.slice(-most);
    if (v.length === 0) continue;
    const step = v.length > 1 ? (t[t.length - 1] - t[0]) / (v.length - 1) : 0;
    const percent = series.unit === "ratio";
    const text = v.map((x) => short(percent ? x * 100 : x)).join(" ");
    const unit = percent ? "%" : series.unit ?? "";
    lines.push(`${neutral(p.name, 120)} [${unit}], last ${v.length} values, every ${formatDuration(step)}: ${text}`);
  }
  return lines;
}
