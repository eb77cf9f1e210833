import type { UseCell, UseRow } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { message } from "../messages/message.ts";
import { PLAIN, type RenderOptions, usableWidth } from "../options.ts";
import { type Paint, type Style, styleFor } from "../style.ts";
import { useCellText } from "../use_cell_text.ts";
import { displayWidth, pad, truncate, wrap } from "../width.ts";

const SYMBOL = { ok: "✓", bad: "✗", not_measured: "·" } as const;
const GAP = "  ";

/**
 * The USE matrix: a row a resource, a symbol and what was seen a cell: `✓` ok, `✗` bad, `·` not measured and why. Long
 * cells run on over several lines; resources of one sort of which there is the same to say share a row.
 */
export function renderUseMatrix(all: readonly UseRow[], options: RenderOptions = PLAIN): string {
  const style = styleFor(options);
  const { lang } = options;
  const rows = joinAlike(all);
  if (rows.length === 0) return style.dim(message(lang, "use.none"));
  const texts = rows.map((row) => [row.utilization, row.saturation, row.errors].map((c) => useCellText(c, lang)));
  const most = Math.max(16, Math.floor(usableWidth(options) / 4));
  const names = rows.map((row) => shorten(escapeText(row.resource, { limit: 200 }), most));
  const heads = (["use.utilization", "use.saturation", "use.errors"] as const).map((key) => message(lang, key));
  const headName = message(lang, "use.resource");
  const nameWidth = Math.max(displayWidth(headName), ...names.map(displayWidth));
  const widths = share(
    heads.map((h, i) => Math.max(displayWidth(h) + 2, ...texts.map((t) => displayWidth(t[i]) + 2))),
    usableWidth(options) - nameWidth - 3 * GAP.length,
  );
  const header = [pad(headName, nameWidth), ...heads.map((h, i) => pad("  " + h, widths[i]))].join(GAP).trimEnd();
  const lines = [style.dim(header)];
  rows.forEach((row, r) => {
    const states = [row.utilization.state, row.saturation.state, row.errors.state];
    const wrapped = texts[r].map((t, i) => wrap(t, widths[i] - 2));
    const height = Math.max(...wrapped.map((w) => w.length));
    for (let line = 0; line < height; line++) {
      const part = pad(line === 0 ? names[r] : "", nameWidth);
      const cells = wrapped.map((w, i) => {
        const mark = line === 0 ? SYMBOL[states[i]] : " ";
        const text = pad(w[line] ?? "", widths[i] - 2);
        if (text.trim() === "" && mark === " ") return text + "  ";
        return `${symbolPaint(style, states[i])(mark)} ${textPaint(style, states[i])(text)}`;
      });
      lines.push([states.includes("bad") ? style.bold(part) : part, ...cells].join(GAP));
    }
  });
  return lines.map((l) => l.replace(/ +(\x1b\[[\d;]*m)?$/, "$1")).join("\n");
}

/** One row for `network lo` and `network eth0` when their cells are the same: `network lo, eth0`. */
function joinAlike(rows: readonly UseRow[]): UseRow[] {
  const groups = new Map<string, UseRow[]>();
  for (const row of rows) {
    const cells = [row.utilization, row.saturation, row.errors].map((c) => [c.state, c.text]);
    const key = JSON.stringify([sortOf(row), cells]);
    groups.set(key, [...groups.get(key) ?? [], row]);
  }
  return [...groups.values()].map((group) => {
    const [first, ...others] = group;
    const names = others.map((row) => row.resource.slice(sortOf(row).length + 1));
    return { ...first, resource: [first.resource, ...names].join(", ") };
  });
}

function sortOf(row: UseRow): string {
  return row.resource.split(" ", 1)[0];
}

/** Of a long path the folders go first: `cgroup …/web.service cpu`. */
function shorten(name: string, width: number): string {
  const short = displayWidth(name) <= width ? name : name.replace(/\S*\/(?=[^\s/])/, "…/");
  return truncate(short, width, "middle");
}

function symbolPaint(style: Style, state: UseCell["state"]): Paint {
  return state === "bad" ? style.bad : state === "ok" ? style.good : style.dim;
}

function textPaint(style: Style, state: UseCell["state"]): Paint {
  return state === "bad" ? style.bad : state === "ok" ? (text) => text : style.dim;
}

/** Natural widths when they fit, else the narrow ones keep theirs and the wide ones share what is left evenly. */
function share(natural: readonly number[], room: number): number[] {
  if (natural.reduce((a, b) => a + b, 0) <= room) return [...natural];
  const widths = natural.map(() => 0);
  let left = room;
  const open = natural.map((_, i) => i).sort((a, b) => natural[a] - natural[b]);
  open.forEach((i, k) => {
    widths[i] = Math.max(8, Math.min(natural[i], Math.floor(left / (open.length - k))));
    left -= widths[i];
  });
  return widths;
}
