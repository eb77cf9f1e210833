import { escapeText, escapeXml } from "../escape.ts";
import { h, type Markup, raw } from "../html/markup.ts";
import { displayWidth, truncate } from "../width.ts";
import { CHART_STYLE } from "./style.ts";
import { tickText, type TimeTick } from "./ticks.ts";
import type { Unit } from "../../data/mod.ts";

/** Width of every chart in pixels. */
export const CHART_WIDTH = 1000;
/** Left and right edge of titles and legends. */
export const CHART_PAD = 16;
/** Where the plot begins below the titles. */
export const CHART_TOP = 66;

/** The part of a chart that its axes enclose, in pixels. */
export interface PlotArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A chart as one SVG file that needs nothing else; titles are tooltips in a browser. */
export function chartSvg(title: string, subtitle: string, height: number, body: Markup): string {
  const shown = escapeText(title, { limit: 300 });
  const below = truncate(escapeText(subtitle, { limit: 300 }), 152);
  const size = h`width="${CHART_WIDTH}" height="${height}" viewBox="0 0 ${CHART_WIDTH} ${height}"`;
  const head = raw(`<title>${escapeXml(shown)}</title><style>${CHART_STYLE}</style>`);
  const svg = h`<svg xmlns="http://www.w3.org/2000/svg" class="sonde-chart" ${size} role="img">${head}
<text class="title" x="${CHART_PAD}" y="27">${truncate(shown, 100)}</text>
<text class="soft" x="${CHART_PAD}" y="47">${below}</text>${body}</svg>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.markup}\n`;
}

/** Room that labels at the left of a plot take. */
export function labelWidth(texts: readonly string[]): number {
  return CHART_PAD + 10 + Math.ceil(Math.max(0, ...texts.map(displayWidth)) * 6.9);
}

/** Horizontal lines at values, with what they stand for at their left. */
export function valueAxis(area: PlotArea, ticks: readonly number[], y: (v: number) => number, unit: Unit): Markup {
  const right = area.x + area.width;
  return h`${
    ticks.map((v) => {
      const at = y(v).toFixed(1);
      const label = h`<text class="y soft" x="${area.x - 8}" y="${(y(v) + 4).toFixed(1)}">${tickText(v, unit)}</text>`;
      return h`<path class="grid" d="M${area.x} ${at}H${right}"/>${label}`;
    })
  }`;
}

/** The lower edge of a plot with its marks of time. */
export function timeAxis(area: PlotArea, ticks: readonly TimeTick[], spanNs: number): Markup {
  return bottomAxis(
    area,
    ticks.map(({ atNs, text }) => ({ x: area.x + (spanNs > 0 ? atNs / spanNs : 0) * area.width, text })),
  );
}

/** The lower edge of a plot with marks and what stands below them. Labels stay within the picture. */
export function bottomAxis(area: PlotArea, marks: readonly { readonly x: number; readonly text: string }[]): Markup {
  const bottom = area.y + area.height;
  const labels = marks.map(({ x, text }) => {
    const half = displayWidth(text) * 3.4;
    const at = Math.max(half + 2, Math.min(CHART_WIDTH - half - 2, x));
    return h`<path class="axis" d="M${x.toFixed(1)} ${bottom}v5"/><text class="x soft" x="${at.toFixed(1)}" y="${
      bottom + 19
    }">${text}</text>`;
  });
  return h`<path class="axis" d="M${area.x} ${bottom}H${area.x + area.width}"/>${labels}`;
}
