import type { Profile, Unit } from "../../data/mod.ts";
import { comparedText } from "../diff/compared_text.ts";
import type { Comparison } from "../diff/comparison.ts";
import { escapeText, escapeXml } from "../escape.ts";
import { formatByUnit, formatNumber, formatRatio } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { frameName, stackValue } from "../profile_stats.ts";
import { truncate } from "../width.ts";
import { flameClient } from "./_client.js";
import { type FlameColors, suitingColors } from "./color.ts";
import { changeLooks, type Looks, looksOf } from "./looks.ts";
import { flameTree } from "./flame_tree.ts";
import { type LaidNode, layOut } from "./layout.ts";
import { pruneTree } from "./prune.ts";
import { CHAR_WIDTH, FLAME_COLORS_STYLE, FLAME_STYLE } from "./style.ts";

/** What a differential flame graph compares with. */
export interface FlameBefore {
  readonly profile: Profile;
  readonly comparison: Comparison;
  /**
   * Whose widths are drawn; `after` by default. What is gone is seen in `before` and `both`, which draws the sum of both
   * as they are compared.
   */
  readonly width?: "after" | "before" | "both";
}

/** How a flame graph is drawn. */
export interface FlameOptions {
  /** Shown above the graph. */
  readonly title: string;
  /** Default: what was counted, and over which window. */
  readonly subtitle?: string;
  /** Default: what suits the sample type; a comparison is coloured by change. */
  readonly colors?: FlameColors;
  /** Makes it a differential flame graph: red what grew, blue what shrank, grey what is within noise. */
  readonly before?: FlameBefore;
  /** Root at the top (an icicle graph). Default false. */
  readonly inverted?: boolean;
  /** Frames narrower than this many pixels are not drawn until zoomed in. Default 0.5. */
  readonly minWidth?: number;
  /** Default: that of the sample type. */
  readonly unit?: Unit;
  /** Which of the profile's sample types. Default 0. */
  readonly valueIndex?: number;
  /** A label whose values become the first level; false for none. Default `comm` when there are several. */
  readonly groupBy?: string | false;
  /** Nodes kept; the smallest are left out, and the subtitle says so. Default 20,000. */
  readonly maxNodes?: number;
  /** Language of the labels. Default `en`. */
  readonly lang?: Lang;
}

/** The script that makes every flame graph of a page interactive. */
export const FLAME_SCRIPT: string = `(${flameClient.toString()})()`;

const STATIC_WIDTH = 1200;
const PAD = 10;
const TOP = 54;
const ROW = 18;
const BOTTOM = 34;

/**
 * An interactive flame graph as one SVG file: hover for figures, click or Enter to zoom, arrows to walk, `/` or Ctrl-F to
 * search by regular expression, Escape to go back. Needs nothing else; as an image, without scripts, it is a picture.
 */
export function flameSvg(profile: Profile, options: FlameOptions): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n` + flameElement(profile, options, true) + "\n";
}

/**
 * The `<svg>` element of a flame graph for a page that holds {@linkcode FLAME_STYLE} and runs
 * {@linkcode FLAME_SCRIPT} after it; or with both, standing `alone`.
 */
export function flameElement(profile: Profile, options: FlameOptions, alone = false): string {
  const lang = options.lang ?? "en";
  const { before } = options;
  const valueIndex = before ? before.comparison.index[1] : options.valueIndex ?? 0;
  const type = profile.sampleTypes[valueIndex];
  const unit = options.unit ?? type?.unit ?? "count";
  const profiles = before ? [before.profile, profile] : [profile];
  const values = profiles.map((p, s) => {
    const at = before ? before.comparison.index[s] : valueIndex;
    return Float64Array.from(p.stacks, (stack) => stackValue(stack.values, at));
  });
  const tree = flameTree(profiles, before ? widths(values, before) : values, options);
  const pruned = pruneTree(tree.total, options.maxNodes ?? 20_000);
  const { nodes, depth } = layOut(tree, pruned.kept);
  const total = tree.total[0];
  const looks = before
    ? changeLooks(before.comparison, tree, values)
    : looksOf(profile, tree, options.colors ?? suitingColors(profile, valueIndex), values[0]);
  const height = TOP + depth * ROW + BOTTOM;
  const noun = unit === "count" || unit === null ? escapeText(type?.name ?? "", { limit: 40 }) : "";
  const amount = (v: number): string => noun ? `${formatNumber(v)} ${noun}` : formatByUnit(v, unit);
  const window = profile.quality.duration_ns > 0 ? ` · ${formatByUnit(profile.quality.duration_ns, "ns")}` : "";
  let subtitle = options.subtitle ??
    (before ? comparedText(before.comparison, [before.profile, profile], lang) : `${amount(total)}${window}`);
  if (pruned.dropped > 0) {
    const params = {
      n: formatNumber(pruned.dropped),
      percent: `${Number((pruned.cutoff / total * 100).toPrecision(1))} %`,
    };
    subtitle += ` · ${message(lang, "flame.pruned", params)}`;
  }
  const title = escapeText(options.title, { limit: 300 });
  const inverted = options.inverted ?? false;
  const minWidth = options.minWidth ?? 0.5;
  const data = {
    title,
    subtitle: escapeText(subtitle, { limit: 300 }),
    noun,
    unit,
    inverted,
    mixed: before?.width === "both",
    min: minWidth,
    top: TOP,
    row: ROW,
    char: CHAR_WIDTH,
    depth,
    t: texts(lang, looks),
    ...encode(nodes, looks, lang),
  };
  const label = message(lang, "flame.label", { title, amount: amount(total) });
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" class="sonde-flame" width="${STATIC_WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${STATIC_WIDTH} ${height}" role="img" aria-label="${escapeXml(label)}">`;
  const colorStyle = looks.perNode ? FLAME_COLORS_STYLE : "";
  const style = alone ? `<title>${escapeXml(title)}</title><style>${FLAME_STYLE}${colorStyle}</style>` : "";
  // `]]>` cannot stand in the script: it is our own text. In XML an unescaped `<` needs the section, HTML has no script here.
  const script = alone ? `<script><![CDATA[${FLAME_SCRIPT}]]></script>` : "";
  return head + style +
    `<metadata>${escapeMarkup(JSON.stringify(data))}</metadata>` +
    `<text class="title" x="${PAD}" y="25">${escapeXml(truncate(title, 120))}</text>` +
    `<text class="subtitle soft" x="${PAD}" y="${TOP - 8}">${escapeXml(truncate(data.subtitle, 170))}</text>` +
    `<g class="frames">${staticFrames(nodes, { depth, inverted, minWidth, looks, lang, amount, total })}</g>` +
    legend(nodes, height, looks, lang) + script + `</svg>`;
}

/** What the stacks of both profiles of a comparison add to widths. */
function widths(values: readonly Float64Array[], { width = "after", comparison }: FlameBefore): Float64Array[] {
  const [b, a] = comparison.scale;
  const factors = { before: [1, 0], after: [0, 1], both: [b / (a || 1), 1] }[width];
  return values.map((column, p) => column.map((v) => v * factors[p]));
}

function texts(lang: Lang, looks: Looks): Record<string, string> {
  const keys = ["search", "placeholder", "reset", "matched", "of_all", "of_zoom", "self"] as const;
  const own = keys.map((key) => [key, message(lang, `flame.${key}` as MessageKey)]);
  const compared = ["before_after", "points", "noise"].map((key) => [key, message(lang, `page.${key}` as MessageKey)]);
  return Object.fromEntries(looks.compares ? [...own, ...compared] : own);
}

/**
 * Nodes as four numbers each (frame, level, total, self) over a list of distinct frames (name, where, look). Where boxes of
 * one function can differ, `l` are their looks; of a comparison `d` are values before and after, and what both totals are.
 */
function encode(nodes: readonly LaidNode[], looks: Looks, lang: Lang): Encoded {
  const index = new Map<unknown, number>();
  const f: [string, string, string][] = [];
  const n: number[] = [];
  const l: number[] = [];
  const d: number[] = [];
  const names = new Map<string, number>();
  for (const node of nodes) {
    let i = index.get(node.frame);
    if (i === undefined) {
      i = f.length;
      index.set(node.frame, i);
      f.push([displayName(node, lang), where(node), looks.perNode ? "" : looks.of(node)]);
    }
    n.push(i, node.depth, node.total, node.self);
    if (!looks.perNode) continue;
    const look = looks.of(node);
    if (!names.has(look)) names.set(look, names.size);
    l.push(names.get(look)!);
    const sides = looks.sides(node);
    if (sides) d.push(...sides);
  }
  return { f, n, ...(looks.perNode && { l, looks: [...names.keys()] }), ...(looks.compares && { d }) };
}

interface Encoded {
  readonly f: readonly (readonly [name: string, where: string, look: string])[];
  readonly n: readonly number[];
  readonly l?: readonly number[];
  readonly looks?: readonly string[];
  readonly d?: readonly number[];
}

function displayName(node: LaidNode, lang: Lang): string {
  return node.frame === null ? message(lang, "flame.all") : escapeText(frameName(node.frame), { limit: 1000 });
}

/** Where a function is: `module`, and its source file. */
function where(node: LaidNode): string {
  if (node.frame === null) return "";
  const { module, file, kind } = node.frame;
  return [escapeText(module, { limit: 300 }), escapeText(file, { limit: 300 }), kind === "inlined" ? "inlined" : ""]
    .filter((s) => s !== "").join(" · ");
}

interface StaticLook {
  readonly depth: number;
  readonly inverted: boolean;
  readonly minWidth: number;
  readonly looks: Looks;
  readonly lang: Lang;
  readonly total: number;
  amount(v: number): string;
}

/** The picture without scripts: the same boxes, names as tooltips. */
function staticFrames(nodes: readonly LaidNode[], look: StaticLook): string {
  const inner = STATIC_WIDTH - 2 * PAD;
  let out = "";
  const names = new Map<unknown, { readonly text: string; readonly xml: string }>();
  for (const node of nodes) {
    const { depth, x0, x1 } = node;
    const w = (x1 - x0) * inner;
    if (w < look.minWidth) continue;
    const x = PAD + x0 * inner;
    const y = TOP + (look.inverted ? depth : look.depth - 1 - depth) * ROW;
    let name = names.get(node.frame);
    if (!name) {
      const text = displayName(node, look.lang);
      names.set(node.frame, name = { text, xml: escapeXml(text) });
    }
    const label = w > 26 ? truncate(name.text, Math.floor((w - 8) / CHAR_WIDTH)) : "";
    out += `<g class="f ${look.looks.of(node)}">` +
      `<title>${name.xml} · ${escapeMarkup(look.amount(node.total))} · ${
        escapeMarkup(formatRatio(node.total / look.total))
      }</title>` +
      `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.2, w - (w > 3 ? 1 : 0)).toFixed(1)}" height="${
        ROW - 1
      }"` +
      `${w > 6 ? ' rx="2"' : ""}/>` +
      (label ? `<text x="${(x + 4).toFixed(1)}" y="${y + ROW - 5.5}">${escapeMarkup(label)}</text>` : "") + `</g>`;
  }
  return out;
}

/** A swatch for each look that means something. */
function legend(nodes: readonly LaidNode[], height: number, looks: Looks, lang: Lang): string {
  let x = PAD;
  let out = "";
  for (const [look, label] of looks.legend(nodes, lang)) {
    out += `<g class="${look}"><rect x="${x}" y="${height - 22}" width="11" height="11" rx="2"/></g>` +
      `<text x="${x + 17}" y="${height - 12}">${escapeXml(label)}</text>`;
    x += 17 + [...label].reduce((w, c) => w + (c.charCodeAt(0) > 0x2e80 ? 12 : 6.5), 0) + 18;
  }
  return `<g class="legend">${out}</g>`;
}

/** Text as element content. What is invalid in XML was made visible in every string before. */
function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
