import type { Series, SeriesLine } from "../data/mod.ts";
import {
  CHART_PAD,
  CHART_TOP,
  CHART_WIDTH,
  chartSvg,
  labelWidth,
  type PlotArea,
  timeAxis,
  valueAxis,
} from "./chart/svg.ts";
import { LINE_COLORS } from "./chart/style.ts";
import { GAP, timeGrid } from "./chart/resample.ts";
import { chartSubtitle } from "./chart/subtitle.ts";
import { roundUp, tickText, timeTicks, valueTicks } from "./chart/ticks.ts";
import { escapeText } from "./escape.ts";
import { formatByUnit, formatTime } from "./format_value.ts";
import { h, type Markup } from "./html/markup.ts";
import { message, type MessageKey } from "./messages/message.ts";
import type { Lang } from "./options.ts";
import { type LineStats, lineStats, seriesSpan } from "./series_stats.ts";
import { truncate } from "./width.ts";

/** How a chart of lines is drawn. */
export interface SeriesSvgOptions {
  readonly title: string;
  /** Default `en`. */
  readonly lang?: Lang;
}

const PLOT_HEIGHT = 300;
const MOST_LINES = 20;
/** Points of all lines up to which each can be pointed at. */
const MOST_DOTS = 2000;
const STATS = ["min", "mean", "max", "last"] as const;
const ROW = 19;

interface DrawnLine {
  readonly line: SeriesLine;
  readonly stats: LineStats;
}

/**
 * Lines over time as one SVG file: a scale that includes zero, times in UTC, a table of what each line is. Of very many
 * lines the highest are drawn, and the subtitle says so.
 */
export function seriesSvg(series: Series, options: SeriesSvgOptions): string {
  const lang = options.lang ?? "en";
  const { unit } = series;
  const all = series.points.map((line) => ({ line, stats: lineStats(line.v) }))
    .filter((l) => Number.isFinite(l.stats.max));
  const lines = all.length > MOST_LINES ? all.toSorted((a, b) => b.stats.max - a.stats.max).slice(0, MOST_LINES) : all;
  const hidden = all.length > lines.length
    ? message(lang, "series.shown", { n: lines.length, all: all.length })
    : lines.length === 0
    ? message(lang, "result.empty")
    : "";
  const low = Math.min(0, ...lines.map((l) => l.stats.min));
  const high = roundUp(low, Math.max(0, ...lines.map((l) => l.stats.max)), 5, unit);
  const ticks = valueTicks(low, high, 5, unit);
  const { fromNs, toNs } = seriesSpan(lines.map((l) => l.line));
  const startNs = series.startNs > 0n ? series.startNs + BigInt(Math.round(fromNs)) : 0n;
  const left = labelWidth(ticks.map((v) => tickText(v, unit)));
  const area = { x: left, y: CHART_TOP, width: CHART_WIDTH - left - 24, height: PLOT_HEIGHT };
  const scale: Scale = {
    x: (t) => area.x + (toNs > fromNs ? (t - fromNs) / (toNs - fromNs) : 0.5) * area.width,
    y: (v) => area.y + (1 - (v - low) / (high - low)) * area.height,
  };
  // Points that are that far apart have nothing between them.
  const gapNs = GAP * timeGrid(lines.map((l) => l.line), 1).stepNs || Infinity;
  const dots = lines.reduce((n, l) => n + l.line.v.length, 0) <= MOST_DOTS;
  const keyTop = area.y + area.height + 52;
  const body = h`${valueAxis(area, ticks, scale.y, unit)}${
    timeAxis(area, timeTicks(startNs, toNs - fromNs, 9), toNs - fromNs)
  }${lines.map((l, i) => path(l, i, scale, area, gapNs))}${dots && lines.map((l, i) => dotsOf(l, i, scale, series))}${
    lines.length > 0 && key(lines, unit, keyTop, lang)
  }`;
  const subtitle = chartSubtitle([hidden], startNs, series.quality, lang);
  const height = lines.length > 0 ? keyTop + lines.length * ROW + 14 : keyTop - 14;
  return chartSvg(options.title, subtitle, height, body);
}

interface Scale {
  x(tNs: number): number;
  y(v: number): number;
}

const look = (i: number): string => `l${i % LINE_COLORS}${i >= LINE_COLORS ? " dashed" : ""}`;

function path({ line }: DrawnLine, i: number, scale: Scale, area: PlotArea, gapNs: number): Markup {
  const name = escapeText(line.name, { limit: 200 });
  return h`<path class="line ${look(i)}" d="${pathOf(line, scale, area.width, gapNs)}"><title>${name}</title></path>`;
}

/**
 * The path of a line, a gap where nothing was measured. Where more than two points share a pixel, the lowest and the
 * highest of them are drawn: a peak is what one looks for.
 */
function pathOf({ tNs, v }: SeriesLine, scale: Scale, width: number, gapNs: number): string {
  const step = Math.max(1, Math.ceil(v.length / width));
  let out = "";
  let pen = "M";
  let alone = false;
  const to = (i: number): void => {
    out += `${pen}${scale.x(tNs[i]).toFixed(1)} ${scale.y(v[i]).toFixed(1)}`;
    alone = pen === "M";
    pen = "L";
  };
  // A line of no length is drawn as a dot.
  const lift = (): void => {
    if (alone && pen === "L") out += "h0";
    pen = "M";
  };
  for (let i = 0; i < v.length; i += step) {
    if (i > 0 && tNs[i] - tNs[i - 1] > gapNs) lift();
    let [low, high, gap] = [-1, -1, false];
    for (let j = i; j < Math.min(v.length, i + step); j++) {
      if (!Number.isFinite(v[j])) gap = true;
      else {
        if (low < 0 || v[j] < v[low]) low = j;
        if (high < 0 || v[j] > v[high]) high = j;
      }
    }
    if (low < 0) lift();
    else {
      to(Math.min(low, high));
      if (low !== high) to(Math.max(low, high));
      if (gap) lift();
    }
  }
  lift();
  return out;
}

/** A dot on each point that shows itself and its value when pointed at. */
function dotsOf({ line }: DrawnLine, i: number, scale: Scale, series: Series): Markup {
  const name = escapeText(line.name, { limit: 80 });
  return h`${
    line.v.map((v, j) => {
      if (!Number.isFinite(v)) return null;
      const at = series.startNs > 0n
        ? formatTime(series.startNs + BigInt(Math.round(line.tNs[j])))
        : formatByUnit(line.tNs[j], "ns");
      const place = h`cx="${scale.x(line.tNs[j]).toFixed(1)}" cy="${scale.y(v).toFixed(1)}" r="5"`;
      const title = `${name} · ${formatByUnit(v, series.unit)} · ${at}`;
      return h`<circle class="dot f${i % LINE_COLORS}" ${place}><title>${title}</title></circle>`;
    })
  }`;
}

/** What each line is, with its figures in columns. */
function key(lines: readonly DrawnLine[], unit: Series["unit"], top: number, lang: Lang): Markup {
  const right = (column: number): number => CHART_WIDTH - 24 - (STATS.length - 1 - column) * 110;
  const head = STATS.map((s, c) =>
    h`<text class="n head" x="${right(c)}" y="${top}">${message(lang, `series.${s}` as MessageKey)}</text>`
  );
  const rows = lines.map(({ line, stats }, i) => {
    const y = top + (i + 1) * ROW;
    const name = truncate(escapeText(line.name, { limit: 200 }), 70);
    const figures = STATS.map((s, c) =>
      h`<text class="n" x="${right(c)}" y="${y}">${formatByUnit(stats[s], unit)}</text>`
    );
    return h`<path class="line ${look(i)}" d="M${CHART_PAD} ${y - 4}h18"/><text x="${
      CHART_PAD + 26
    }" y="${y}">${name}</text>${figures}`;
  });
  return h`<text class="head" x="${CHART_PAD + 26}" y="${top}">${message(lang, "series.name")}</text>${head}${rows}`;
}
