import type { Quality } from "../data/mod.ts";
import type { HeatMap } from "../query/heat_map.ts";
import { bucketRange, openRange } from "./bucket_range.ts";
import { heatLevel, heatLevels, mostIn, shadeOf } from "./chart/heat_levels.ts";
import { CHART_PAD, CHART_TOP, CHART_WIDTH, chartSvg, labelWidth, type PlotArea, timeAxis } from "./chart/svg.ts";
import { chartSubtitle } from "./chart/subtitle.ts";
import { tickText, timeTicks } from "./chart/ticks.ts";
import { formatByUnit, formatNumber, formatTime } from "./format_value.ts";
import { h, type Markup } from "./html/markup.ts";
import { message } from "./messages/message.ts";
import type { Lang } from "./options.ts";
import { displayWidth } from "./width.ts";

/** How a heat map is drawn. */
export interface HeatMapSvgOptions {
  readonly title: string;
  /** How good the data is: stands below the title. */
  readonly quality?: Quality;
  /** Default `en`. */
  readonly lang?: Lang;
}

/** The finest map that such a picture can show; how fine to make it is said to `heatMapOf`. */
export const HEAT_SVG_SIZE = { columns: 160, rows: 32 } as const;

const PLOT_HEIGHT = 352;

/** Counts over time and value as one SVG file: time from left to right, values upwards, the more the stronger the colour. */
export function heatMapSvg(map: HeatMap, options: HeatMapSvgOptions): string {
  const lang = options.lang ?? "en";
  const quality = options.quality ?? null;
  const { buckets: rows, columnNs, startNs, unit } = map;
  const max = mostIn(map);
  if (max === 0) {
    return chartSvg(options.title, chartSubtitle([message(lang, "result.empty")], null, quality, lang), 80, h``);
  }
  const columns = map.counts.length;
  const rowHeight = Math.max(8, Math.min(28, Math.floor(PLOT_HEIGHT / rows.length)));
  const edges = edgesOf(rows, unit);
  const left = labelWidth(edges.map((e) => e.text));
  const area = { x: left, y: CHART_TOP, width: CHART_WIDTH - left - 24, height: rows.length * rowHeight };
  const levels = heatLevels(max);
  const spanNs = columnNs * columns;
  const ticks = timeTicks(startNs, spanNs, Math.max(2, Math.min(9, columns)));
  const every = Math.max(1, Math.ceil(16 / rowHeight));
  const labels = edges.filter((e) => e.at % every === 0 || e.open).map(({ at, text }) =>
    h`<text class="y soft" x="${area.x - 8}" y="${area.y + area.height - at * rowHeight + 4}">${text}</text>`
  );
  const keyTop = area.y + area.height + 48;
  const body = h`<path class="axis" d="M${area.x} ${area.y}V${area.y + area.height}"/>${labels}${
    cells(map, area, rowHeight, levels)
  }${timeAxis(area, ticks, spanNs)}${key(levels, max, keyTop, lang)}`;
  const each = message(lang, "heat.each", { time: formatByUnit(columnNs, "ns") });
  return chartSvg(options.title, chartSubtitle([each], startNs, quality, lang), keyTop + 14, body);
}

/** The lower edges of rows, and the upper one of the last; a row that reaches to an infinity is named in its middle. */
function edgesOf(rows: HeatMap["buckets"], unit: HeatMap["unit"]): { at: number; text: string; open: boolean }[] {
  const edges = rows.map((r, i) => {
    const open = openRange(r, unit);
    return open === null
      ? { at: i, text: tickText(r.min, unit), open: false }
      : { at: i + 0.5, text: open, open: true };
  });
  const last = rows[rows.length - 1];
  return Number.isFinite(last.max)
    ? [...edges, { at: rows.length, text: tickText(last.max, unit), open: false }]
    : edges;
}

function cells(map: HeatMap, area: PlotArea, rowHeight: number, levels: readonly number[]): Markup {
  const width = area.width / map.counts.length;
  // Where cells are small, a line between them would be most of what one sees.
  const gap = width >= 6 ? 1 : 0;
  return h`${
    map.counts.map((column, c) => {
      const when = formatTime(map.startNs + BigInt(Math.round(map.columnNs * c)));
      const x = (area.x + c * width).toFixed(2);
      return column.map((n, row) => {
        if (n === 0) return null;
        const title = `${when} · ${bucketRange(map.buckets[row], map.unit)} · ${formatNumber(n)}`;
        const size = h`width="${Math.max(0.5, width - gap).toFixed(2)}" height="${rowHeight - 1}"`;
        const place = h`x="${x}" y="${area.y + area.height - (row + 1) * rowHeight}"`;
        return h`<rect class="cell h${heatLevel(n, levels)}" ${place} ${size}><title>${title}</title></rect>`;
      });
    })
  }`;
}

/** A swatch for each shade with the counts that it stands for. */
function key(levels: readonly number[], max: number, top: number, lang: Lang): Markup {
  let x = CHART_PAD;
  const label = message(lang, "heat.count");
  const head = h`<text class="head" x="${x}" y="${top}">${label}</text>`;
  x += displayWidth(label) * 7 + 18;
  const swatches = levels.map((from, i) => {
    const to = i + 1 < levels.length ? levels[i + 1] - 1 : max;
    const text = to > from ? `${formatNumber(from)}–${formatNumber(to)}` : formatNumber(from);
    const out = h`<rect class="h${shadeOf(i + 1, levels.length)}" x="${x}" y="${
      top - 11
    }" width="13" height="13" rx="2"/><text class="soft" x="${x + 19}" y="${top}">${text}</text>`;
    x += 19 + Math.ceil(displayWidth(text) * 6.9) + 16;
    return out;
  });
  return h`${head}${swatches}`;
}
