import type { Series } from "../../data/mod.ts";
import { sparkline } from "../bars.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { lineStats } from "../series_stats.ts";
import { styleFor } from "../style.ts";
import { displayWidth, pad, truncate } from "../width.ts";

const STATS = ["min", "mean", "max", "last"] as const;

/** Lines over time as sparklines on one common scale from zero, with minimum, mean, maximum and last value. */
export function renderSeries(series: Series, options: RenderOptions): string {
  const style = styleFor(options);
  if (series.points.length === 0) return style.dim(message(options.lang, "result.empty"));
  const stats = series.points.map((p) => lineStats(p.v));
  const finite = (v: number[]): number[] => v.filter(Number.isFinite);
  const low = Math.min(0, ...finite(stats.map((s) => s.min)));
  const high = Math.max(...finite(stats.map((s) => s.max)), low);
  const nameMost = Math.min(24, Math.floor(usableWidth(options) / 4));
  const names = series.points.map((p) => truncate(escapeText(p.name, { limit: 200 }), nameMost));
  const nameWidth = Math.max(...names.map(displayWidth));
  const all = STATS.map((key) => {
    const header = message(options.lang, `series.${key}` as MessageKey);
    const cells = stats.map((s) => formatByUnit(s[key], series.unit));
    return { header, cells, width: Math.max(displayWidth(header), ...cells.map(displayWidth)) };
  });
  // On a narrow terminal the shape matters more than minimum and mean.
  const columns = usableWidth(options) < 64 ? all.slice(2) : all;
  const taken = columns.reduce((sum, c) => sum + c.width + 2, 0);
  const longest = Math.max(...series.points.map((p) => p.v.length));
  const room = Math.max(8, Math.min(longest, 80, usableWidth(options) - nameWidth - 2 - taken));
  const header = " ".repeat(nameWidth + 2 + room) + columns.map((c) => "  " + pad(c.header, c.width, "right")).join("");
  const lines = series.points.map((p, i) => {
    const shape = style.bar(pad(sparkline(p.v, room, low, high), room));
    const cells = columns.map((c) => "  " + pad(c.cells[i], c.width, "right")).join("");
    return `${pad(names[i], nameWidth)}  ${shape}${cells}`;
  });
  return [style.dim(header), ...lines].join("\n");
}
