import type { Profile } from "../../data/mod.ts";
import type { Change } from "../diff/change.ts";
import { comparedText } from "../diff/compared_text.ts";
import { type Comparison, isRatio } from "../diff/comparison.ts";
import type { FunctionChange } from "../diff/profile_diff.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { message } from "../messages/message.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { baseName } from "../profile_stats.ts";
import { styleFor } from "../style.ts";
import { displayWidth, pad, truncate, wrap } from "../width.ts";

/**
 * Functions by how much they changed, with what holds the change with 95 % confidence, what was compared, and how much of
 * it chance explains.
 *
 * @param most rows
 */
export function renderDiff(
  changes: readonly FunctionChange[],
  comparison: Comparison,
  profiles: readonly [Profile, Profile],
  options: RenderOptions,
  most = 30,
): string {
  const style = styleFor(options);
  const { lang } = options;
  if (changes.length === 0) return style.dim(message(lang, "result.empty"));
  const ratio = isRatio(comparison);
  const head = (c: "self" | "total"): string[] => [
    `${message(lang, `profile.${c}`)} ${message(lang, "diff.before")}`,
    message(lang, "diff.after"),
    message(lang, ratio ? "diff.points" : "diff.delta"),
    message(lang, "diff.interval"),
  ];
  const heads = [...head("self"), ...head("total")];
  const shown = changes.filter((c) => c.self.delta !== 0 || c.total.delta !== 0).slice(0, most);
  const cells = shown.map((c) => [...changeCells(c.self, comparison), ...changeCells(c.total, comparison)]);
  // Where there is little room the interval of totals goes first.
  const columns = [0, 1, 2, 3, 4, 5, 6, 7];
  const widthOf = (k: number): number => Math.max(displayWidth(heads[k]), ...cells.map((row) => displayWidth(row[k])));
  const room = (): number => usableWidth(options) - columns.reduce((sum, k) => sum + widthOf(k) + 2, 0);
  for (const dropped of [7, 4, 3, 0]) {
    if (room() >= 24) break;
    columns.splice(columns.indexOf(dropped), 1);
    // The column after it says what it is of then.
    if (dropped % 4 === 0) {
      heads[dropped + 1] = `${message(lang, `profile.${dropped === 0 ? "self" : "total"}`)} ${heads[dropped + 1]}`;
    }
  }
  const line = (row: readonly string[], paint: (text: string, k: number) => string): string =>
    columns.map((k) => paint(pad(row[k], widthOf(k), "right"), k)).join("  ");
  const lines = [style.heading(`${line(heads, (t) => t)}  ${message(lang, "profile.function")}`)];
  shown.forEach((c, r) => {
    const paint = (text: string, k: number): string => {
      const change = k < 4 ? c.self : c.total;
      if (k % 4 < 2) return text;
      return change.noise
        ? style.dim(text)
        : k % 4 === 3
        ? text
        : change.delta > 0
        ? style.bad(text)
        : style.good(text);
    };
    const name = truncate(escapeText(c.function, { limit: 500 }), Math.max(12, room()));
    const left = room() - displayWidth(name) - 2;
    const module = c.module && !c.function.startsWith("[") && left > 8
      ? style.dim(truncate(escapeText(baseName(c.module), { limit: 200 }), left))
      : "";
    lines.push(`${line(cells[r], paint)}  ${c.kind === "kernel" ? style.warn(name) : name}  ${module}`.trimEnd());
  });
  const changed = changes.filter((c) => c.self.delta !== 0 || c.total.delta !== 0).length;
  if (changed > shown.length) {
    lines.push(style.dim(message(lang, "diff.more", { n: formatNumber(changed - shown.length) })));
  }
  lines.push("");
  for (const text of diffRemarks(changes, comparison, profiles, lang)) {
    lines.push(...wrap(text, usableWidth(options)).map(style.dim));
  }
  return lines.join("\n");
}

/** What was compared, and what can be said of chance. */
export function diffRemarks(
  changes: readonly FunctionChange[],
  comparison: Comparison,
  profiles: readonly [Profile, Profile],
  lang: RenderOptions["lang"],
): string[] {
  const { by, events } = comparison;
  const windows = profiles.map((p) => p.quality.duration_ns);
  const remarks = [comparedText(comparison, profiles, lang)];
  if (by === "count" && windows[0] !== windows[1]) remarks.push(message(lang, "diff.windows_differ"));
  if (events === null) return [...remarks, message(lang, "diff.no_chance")];
  const outside = changes.filter((c) => !c.self.noise || !c.total.noise).length;
  const n = changes.length;
  remarks.push(
    message(lang, "diff.noise", {
      n: formatNumber(n),
      outside: formatNumber(outside),
      chance: formatNumber(Math.round(n / 20)),
    }),
  );
  return [...remarks, message(lang, "diff.independent")];
}

function changeCells(c: Change, comparison: Comparison): string[] {
  const ratio = isRatio(comparison);
  const plain = (v: number): string => {
    if (ratio) return `${number(v * 100)} %`;
    return comparison.type.unit === "count" || comparison.type.unit === null
      ? number(v)
      : formatByUnit(Math.round(v), comparison.type.unit);
  };
  const signed = (v: number): string => {
    const text = ratio ? number(Math.abs(v) * 100) : plain(Math.abs(v));
    return /^0(\.0+)?$/.test(text) ? text : (v < 0 ? "−" : "+") + text;
  };
  if (c.before === 0 && c.after === 0) return ["-", "-", "", ""];
  const mark = c.interval === null || !c.noise ? "" : "~";
  return [
    c.before === 0 ? "-" : plain(c.before),
    c.after === 0 ? "-" : plain(c.after),
    mark + signed(c.delta),
    c.interval ? `${signed(c.interval.low)} … ${signed(c.interval.high)}` : "",
  ];
}

/** Three digits are more than any profile knows. */
function number(v: number): string {
  const size = Math.abs(v);
  if (size >= 100) return formatNumber(Math.round(v));
  return Number.isInteger(v) ? String(v) : size >= 9.95 ? v.toFixed(1) : v.toFixed(2);
}
