import type { Series } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit, formatDuration } from "../format_value.ts";
import { lineStats } from "../series_stats.ts";
import { h, type Markup } from "./markup.ts";

/** One bar: parts of it one after another, each 0–1 of the whole width, with a style class. */
export interface Bar {
  readonly label: string;
  readonly note?: string;
  readonly text: string;
  readonly parts: readonly { readonly share: number; readonly look: string }[];
}

/** Horizontal bars with a label before and a value behind, and a legend when parts have names. */
export function barChart(bars: readonly Bar[], legend: readonly { look: string; label: string }[] = []): Markup {
  const rows = bars.map((b) => {
    const label = h`<th scope="row">${b.label}${b.note && h` <small>${b.note}</small>`}</th>`;
    return h`<tr>${label}<td>${barSvg(b.parts)}</td><td class="n">${b.text}</td></tr>`;
  });
  const key = legend.map((l) => h`<span><i class="${l.look}"></i>${l.label}</span> `);
  return h`<table class="bars">${rows}</table>${legend.length > 0 && h`<p class="key">${key}</p>`}`;
}

/** A bar that fills what its cell gives it; widths are attributes, as inline styles are forbidden in the page. */
export function barSvg(parts: Bar["parts"]): Markup {
  let from = 0;
  const rects = parts.map(({ share, look }) => {
    const x = from;
    const width = Math.max(0, Math.min(share, 1 - x)) * 1000;
    from += Math.max(0, share);
    const size = h`x="${(x * 1000).toFixed(1)}" width="${Math.max(width, 2).toFixed(1)}" height="10"`;
    return width > 0 && h`<rect class="${look}" ${size}/>`;
  });
  return h`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect
 class="rail" width="1000" height="10"/>${rects}</svg>`;
}

const LINES = 6;
const POINTS = 600;

/** Lines over time on one scale that includes zero; the six with the highest mean. Null when nothing was measured. */
export function lineChart(series: Series): Markup | null {
  const { unit } = series;
  const lines = series.points.map((p) => ({ p, stats: lineStats(p.v) })).filter((l) => Number.isFinite(l.stats.max))
    .sort((a, b) => b.stats.mean - a.stats.mean).slice(0, LINES);
  if (lines.length === 0) return null;
  const high = Math.max(...lines.map((l) => l.stats.max), 0) || 1;
  const low = Math.min(0, ...lines.map((l) => l.stats.min));
  const end = Math.max(...lines.map((l) => l.p.tNs.at(-1) ?? 0)) || 1;
  const paths = lines.map(({ p }, i) => h`<path class="line l${i}" d="${pathOf(p.tNs, p.v, end, low, high)}"/>`);
  const key = lines.map(({ p, stats }, i) =>
    h`<span><i class="l${i}"></i>${escapeText(p.name, { limit: 80 })} <small>${
      formatByUnit(stats.mean, unit)
    }</small></span> `
  );
  return h`<div class="plot"><span class="y">${formatByUnit(high, unit)}</span><span class="y0">${
    formatByUnit(low, unit)
  }</span>
<svg viewBox="0 0 1000 300" preserveAspectRatio="none" aria-hidden="true">
<path class="grid" d="M0 75H1000M0 150H1000M0 225H1000M0 300H1000"/>${paths}</svg>
<span class="x0">0 s</span><span class="x">${formatDuration(end)}</span></div><p class="key">${key}</p>`;
}

/** Path of a line, a gap where nothing was measured. */
function pathOf(t: readonly number[], v: readonly number[], end: number, low: number, high: number): string {
  const step = Math.max(1, Math.ceil(v.length / POINTS));
  let out = "";
  let pen = "M";
  for (let i = 0; i < v.length; i += step) {
    const part = v.slice(i, i + step).filter(Number.isFinite);
    if (part.length === 0) {
      pen = "M";
      continue;
    }
    const y = 298 - (part.reduce((a, b) => a + b, 0) / part.length - low) / (high - low) * 296;
    out += `${pen}${(t[i] / end * 1000).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return out;
}
