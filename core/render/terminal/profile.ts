import type { Profile } from "../../data/mod.ts";
import { barText } from "../bars.ts";
import { percent } from "../cell_text.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { baseName, functionTotals, profileTotal } from "../profile_stats.ts";
import { styleFor } from "../style.ts";
import { pad, truncate } from "../width.ts";
import { renderFlameText } from "./flame_text.ts";

const MOST_FUNCTIONS = 15;
const FLAME_FROM_WIDTH = 100;
const MOST_FLAME_LEVELS = 48;

/** The functions that took most, and the shape of the whole as a text flame graph where the terminal is wide enough. */
export function renderProfile(profile: Profile, options: RenderOptions): string {
  const style = styleFor(options);
  const total = profileTotal(profile);
  if (total === 0) return style.dim(message(options.lang, "result.empty"));
  const all = functionTotals(profile);
  const top = all.filter((f) => f.self > 0).slice(0, MOST_FUNCTIONS);
  const selfHead = pad(message(options.lang, "profile.self") + " %", 7, "right");
  const totalHead = pad(message(options.lang, "profile.total") + " %", 7, "right");
  const lines = [style.heading(`${selfHead} ${totalHead}             ${message(options.lang, "profile.function")}`)];
  const room = usableWidth(options) - 28;
  for (const f of top) {
    const share = pad(percent(f.self / total), 7, "right");
    const all = pad(percent(f.total / total), 7, "right");
    const bar = pad(barText(f.self / top[0].self, 10), 10);
    const name = truncate(escapeText(f.function, { limit: 500 }), room);
    const left = room - name.length - 2;
    const named = f.function.startsWith("[");
    const module = f.module && !named && left > 8
      ? style.dim(truncate(escapeText(baseName(f.module), { limit: 200 }), left))
      : "";
    lines.push(
      `${share} ${all}  ${style.bar(bar)} ${f.kind === "kernel" ? style.warn(name) : name}  ${module}`.trimEnd(),
    );
  }
  const more = all.filter((f) => f.self > 0).length - top.length;
  if (more > 0) lines.push(style.dim(message(options.lang, "profile.more", { n: formatNumber(more) })));
  lines.push(totalLine(profile, total, options));
  if (usableWidth(options) >= FLAME_FROM_WIDTH) lines.push("", renderFlameText(profile, options));
  return lines.join("\n");
}

/** The shape of the whole alone: where time went, by width. */
export function renderFlame(profile: Profile, options: RenderOptions): string {
  const total = profileTotal(profile);
  if (total === 0) return styleFor(options).dim(message(options.lang, "result.empty"));
  return `${renderFlameText(profile, options, MOST_FLAME_LEVELS)}\n${totalLine(profile, total, options)}`;
}

function totalLine(profile: Profile, total: number, options: RenderOptions): string {
  const { name = "", unit = "count" } = profile.sampleTypes[0] ?? {};
  const sum = unit === "count" || unit === null
    ? `${formatNumber(total)} ${escapeText(name)}`
    : formatByUnit(total, unit);
  const params = { total: sum.trim(), n: formatNumber(profile.stacks.length) };
  return styleFor(options).dim(message(options.lang, "profile.total_line", params));
}
