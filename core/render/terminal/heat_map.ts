import type { HeatMap } from "../../query/heat_map.ts";
import { openRange } from "../bucket_range.ts";
import { HEAT_LEVELS, heatLevel, heatLevels, mostIn, shadeOf } from "../chart/heat_levels.ts";
import { tickText, timeTicks } from "../chart/ticks.ts";
import { formatByUnit, formatNumber, formatTime } from "../format_value.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { styleFor } from "../style.ts";
import { displayWidth, pad } from "../width.ts";
import { timeRuler } from "./_time_ruler.ts";

/** From none to many, where there is no colour. */
const SIGNS = " .:-=+*#%@";
/** Few to many, of the 256-colour palette: they differ in hue, so that it matters little what lies behind them. */
const RAMP = [60, 61, 97, 133, 168, 203, 209, 215, 221];
const MOST_ROWS = 20;
const MOST_COLUMNS = 120;
/** What labels take at most in almost all maps. */
const LABELS = 24;
/** One window is drawn no wider than this. */
const WIDEST = 6;

/** How fine a map can be drawn, as `heatMapOf` wants to know. */
export function heatMapSize(options: RenderOptions): { readonly columns: number; readonly rows: number } {
  return { columns: Math.min(MOST_COLUMNS, usableWidth(options) - LABELS), rows: MOST_ROWS };
}

/**
 * Counts over time (to the right) and value (upwards), the more the stronger: colours, or characters from `.` to `@`.
 * Below stand times of day in UTC, and what each shade counts.
 */
export function renderHeatMap(map: HeatMap, options: RenderOptions): string {
  const style = styleFor(options);
  const max = mostIn(map);
  if (max === 0) return style.dim(message(options.lang, "result.empty"));
  const labels = rowLabels(map);
  const labelWidth = Math.max(...labels.map(displayWidth));
  const room = Math.max(8, usableWidth(options) - labelWidth - 2);
  const { counts, columnNs } = joined(map, room);
  const most = counts.reduce((m, column) => Math.max(m, ...column), 0);
  const levels = heatLevels(most);
  const each = Math.max(1, Math.min(WIDEST, Math.floor(room / counts.length)));
  const lines = labels.map((label, row) => {
    const shades = counts.map((column) => heatLevel(column[row], levels));
    return `${style.dim(pad(label, labelWidth, "right") + " ▕")}${draw(shades, each, options.color)}`;
  }).reverse();
  const width = counts.length * each;
  const ticks = timeTicks(map.startNs, columnNs * counts.length, Math.max(1, Math.floor(width / 14)));
  const columns = ticks.map(({ atNs, text }) => ({ at: Math.floor(atNs / columnNs * each), text }));
  const ruler = timeRuler(columns, width, room).map((line) => style.dim(" ".repeat(labelWidth + 2) + line));
  return [...lines, ...ruler, ...key(map, columnNs, levels, most, options)].join("\n");
}

/** The range of each row. */
function rowLabels({ buckets, unit }: HeatMap): string[] {
  const open = buckets.map((b) => openRange(b, unit));
  const from = buckets.map((b) => tickText(b.min, unit));
  const to = buckets.map((b) => tickText(b.max, unit));
  const widest = (texts: string[]): number =>
    Math.max(0, ...texts.filter((_, i) => open[i] === null).map(displayWidth));
  const [fromWidth, toWidth] = [widest(from), widest(to)];
  return buckets.map((_, i) => open[i] ?? `${pad(from[i], fromWidth, "right")} – ${pad(to[i], toWidth, "right")}`);
}

/** The map with neighbours in time added up until it fits. */
function joined(map: HeatMap, room: number): { counts: readonly (readonly number[])[]; columnNs: number } {
  const each = Math.ceil(map.counts.length / room);
  if (each <= 1) return { counts: map.counts, columnNs: map.columnNs };
  const counts = Array.from(
    { length: Math.ceil(map.counts.length / each) },
    (_, c) =>
      map.buckets.map((_, row) =>
        map.counts.slice(c * each, (c + 1) * each).reduce((sum, column) => sum + column[row], 0)
      ),
  );
  return { counts, columnNs: map.columnNs * each };
}

/** One row of cells. Neighbours of one shade share their escape sequences. */
function draw(shades: readonly number[], each: number, color: boolean): string {
  if (!color) return shades.map((s) => SIGNS[s].repeat(each)).join("").trimEnd();
  let out = "";
  for (let i = 0; i < shades.length;) {
    let end = i + 1;
    while (end < shades.length && shades[end] === shades[i]) end++;
    const cells = " ".repeat((end - i) * each);
    if (shades[i] > 0) out += `\x1b[48;5;${RAMP[shades[i] - 1]}m${cells}\x1b[49m`;
    else if (end < shades.length) out += cells;
    i = end;
  }
  return out;
}

/** What shades count, the day, how long a column is. */
function key(
  { startNs }: HeatMap,
  columnNs: number,
  levels: readonly number[],
  most: number,
  options: RenderOptions,
): string[] {
  const style = styleFor(options);
  const lines = [style.dim(message(options.lang, "heat.count"))];
  let used = displayWidth(message(options.lang, "heat.count"));
  levels.forEach((from, i) => {
    const shade = shadeOf(i + 1, levels.length);
    const sign = options.color ? `\x1b[48;5;${RAMP[shade - 1]}m  \x1b[49m` : SIGNS[shade];
    const to = i + 1 < levels.length ? levels[i + 1] - 1 : most;
    const text = to > from ? `${formatNumber(from)}–${formatNumber(to)}` : formatNumber(from);
    const taken = (options.color ? 2 : 1) + 1 + displayWidth(text);
    if (used + 2 + taken > usableWidth(options)) {
      lines.push("");
      used = -2;
    }
    lines[lines.length - 1] += `${used < 0 ? "" : "  "}${sign} ${style.dim(text)}`;
    used += 2 + taken;
  });
  const day = startNs > 0n ? `${formatTime(startNs).slice(0, 10)} UTC · ` : "";
  return [...lines, style.dim(day + message(options.lang, "heat.each", { time: formatByUnit(columnNs, "ns") }))];
}

if (HEAT_LEVELS !== RAMP.length || HEAT_LEVELS !== SIGNS.length - 1) throw new TypeError("shades without a look");
