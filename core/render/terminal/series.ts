import type { Series, SeriesLine } from "../../data/mod.ts";
import { sparkline } from "../bars.ts";
import { resample, type TimeGrid, timeGrid } from "../chart/resample.ts";
import { tickText, timeTicks } from "../chart/ticks.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { lineStats } from "../series_stats.ts";
import { styleFor } from "../style.ts";
import { displayWidth, pad, truncate, wrap } from "../width.ts";
import { columnPlot } from "./_column_plot.ts";
import { timeRuler } from "./_time_ruler.ts";

const STATS = ["min", "mean", "max", "last"] as const;
const MOST_LINES = 40;
const MOST_COLUMNS = 80;
/** Columns of a shape, whatever else there is. */
const LEAST_SHAPE = 8;
/** Time of day at the lower edge needs this many columns. */
const LEAST_RULER = 8;

/**
 * Lines over time: one as a plot of several rows; several as sparklines on one common scale from zero, with minimum, mean,
 * maximum and last value. Times are UTC. Of very many lines the highest are shown.
 */
export function renderSeries(series: Series, options: RenderOptions): string {
  const style = styleFor(options);
  if (series.points.length === 0) return style.dim(message(options.lang, "result.empty"));
  if (series.points.length === 1 && Number.isFinite(lineStats(series.points[0].v).max)) {
    return renderOne(series, series.points[0], options);
  }
  const shown = highest(series.points);
  const stats = shown.map((p) => lineStats(p.v));
  const finite = (v: number[]): number[] => v.filter(Number.isFinite);
  const low = Math.min(0, ...finite(stats.map((s) => s.min)));
  const high = Math.max(...finite(stats.map((s) => s.max)), low);
  const nameMost = Math.min(24, Math.floor(usableWidth(options) / 4));
  const names = shown.map((p) => truncate(escapeText(p.name, { limit: 200 }), nameMost));
  const nameWidth = Math.max(...names.map(displayWidth));
  const all = STATS.map((key) => {
    const header = message(options.lang, `series.${key}` as MessageKey);
    const cells = stats.map((s) => formatByUnit(s[key], series.unit));
    return { header, cells, width: Math.max(displayWidth(header), ...cells.map(displayWidth)) };
  });
  // On a narrow terminal the shape matters more than minimum and mean.
  let columns = usableWidth(options) < 64 ? all.slice(2) : all;
  const left = (): number => usableWidth(options) - nameWidth - 2 - columns.reduce((sum, c) => sum + c.width + 2, 0);
  while (left() < LEAST_SHAPE && columns.length > 1) columns = columns.slice(1);
  const most = Math.max(LEAST_SHAPE, Math.min(MOST_COLUMNS, left()));
  const grid = timeGrid(shown, most);
  const room = Math.max(LEAST_SHAPE, grid.columns);
  const header = " ".repeat(nameWidth + 2 + room) + columns.map((c) => "  " + pad(c.header, c.width, "right")).join("");
  const lines = shown.map((p, i) => {
    const shape = style.bar(pad(sparkline(resample(p, grid), grid.columns, low, high), room));
    const cells = columns.map((c) => "  " + pad(c.cells[i], c.width, "right")).join("");
    return `${pad(names[i], nameWidth)}  ${shape}${cells}`;
  });
  const below = ruler(series, grid, 1, usableWidth(options) - nameWidth - 2, options)
    .map((line) => style.dim(" ".repeat(nameWidth + 2) + line));
  const more = series.points.length - shown.length;
  if (more > 0) below.push(style.dim(message(options.lang, "series.more", { n: formatNumber(more) })));
  return [style.dim(header), ...lines, ...below].join("\n");
}

/** The lines in their order, or those that reach highest. */
function highest(points: readonly SeriesLine[]): readonly SeriesLine[] {
  if (points.length <= MOST_LINES) return points;
  const max = (p: SeriesLine): number => lineStats(p.v).max || 0;
  const kept = new Set(points.toSorted((a, b) => max(b) - max(a)).slice(0, MOST_LINES));
  return points.filter((p) => kept.has(p));
}

/** A single line as an area, its figures below. */
function renderOne(series: Series, line: SeriesLine, options: RenderOptions): string {
  const style = styleFor(options);
  const { unit } = series;
  const stats = lineStats(line.v);
  const [low, high] = [Math.min(0, stats.min), Math.max(0, stats.max)];
  const labels = [tickText(high, unit), tickText(low, unit)];
  const labelWidth = Math.max(...labels.map(displayWidth));
  const room = Math.min(MOST_COLUMNS, usableWidth(options) - labelWidth - 2);
  const grid = timeGrid([line], room);
  const each = Math.max(1, Math.min(4, Math.floor(room / grid.columns)));
  const values = resample(line, grid).flatMap((v) => new Array<number>(each).fill(v));
  const rows = columnPlot(values, low, high).map((row, i, all) => {
    const label = i === 0 ? labels[0] : i === all.length - 1 ? labels[1] : "";
    return `${style.dim(pad(label, labelWidth, "right") + " ▕")}${style.bar(row.trimEnd())}`;
  });
  const figures = STATS.map((key) =>
    `${message(options.lang, `series.${key}` as MessageKey)} ${formatByUnit(stats[key], unit)}`
  ).join(" · ");
  const name = truncate(escapeText(line.name, { limit: 200 }), 40);
  const below = ruler(series, grid, each, usableWidth(options) - labelWidth - 2, options)
    .map((text) => style.dim(" ".repeat(labelWidth + 2) + text));
  const words = [name, figures].filter((text) => text !== "").join("  ");
  return [...rows, ...below, ...wrap(words, usableWidth(options)).map(style.dim)].join("\n");
}

/** Marks of time below a plot; none where it is too narrow or there is one moment only. */
function ruler(series: Series, grid: TimeGrid, each: number, room: number, options: RenderOptions): string[] {
  const width = grid.columns * each;
  if (width < LEAST_RULER || grid.spanNs === 0) return [];
  const start = series.startNs > 0n ? series.startNs + BigInt(Math.round(grid.fromNs)) : 0n;
  const columnNs = grid.spanNs / grid.columns;
  const ticks = timeTicks(start, grid.spanNs - columnNs, Math.max(1, Math.floor(width / 14)))
    .map(({ atNs, text }) => ({ at: Math.floor((atNs / columnNs + 1e-9) * each), text }));
  const day = start > 0n ? `${new Date(Number(start / 1_000_000n)).toISOString().slice(0, 10)} UTC · ` : "";
  const point = message(options.lang, "series.point", { time: formatByUnit(Math.round(grid.stepNs), "ns") });
  const about = displayWidth(day + point) <= room ? day + point : point;
  return [...timeRuler(ticks, width, room), truncate(about, room)];
}
