import type { Profile } from "../../data/mod.ts";
import { DARK_HEAT, LIGHT_HEAT } from "../chart/style.ts";
import { escapeText } from "../escape.ts";
import { type FlameColors, KIND_ORDER, KINDS, REASON_HUES, suitingColors, WAITING_KINDS } from "../flame/color.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { sha256Base64 } from "../html/sha256.ts";
import { h, type Markup, raw } from "../html/markup.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { qualityParts } from "../quality_parts.ts";
import { flameView } from "./_client_flame.js";
import { heatView } from "./_client_heat.js";
import { pageColors } from "./_client_colors.js";
import { pageCompare } from "./_client_compare.js";
import { pageModel } from "./_client_model.js";
import { pageText } from "./_client_text.js";
import { profilePage } from "./_client_page.js";
import { tableView } from "./_client_table.js";
import { type EncodedProfile, encodeProfiles } from "./encode.ts";
import { PAGE_STYLE } from "./style.ts";

/** How a profile's page is made. */
export interface ProfileHtmlOptions {
  /** Heading. */
  readonly title: string;
  /** What `profile` is compared with. */
  readonly before?: Profile;
  /** Whether a comparison begins with shares, not amounts. Default true. */
  readonly share?: boolean;
  /** Default: what suits the sample type. */
  readonly colors?: FlameColors;
  /** The tab that is open at first. Default `flame`. */
  readonly tab?: "flame" | "icicle" | "sandwich" | "top" | "heat" | "diff";
  /** A label whose values become the first level; false for none. Default `comm` when there are several. */
  readonly groupBy?: string | false;
  /** Nodes kept; the smallest are left out, and the page says so. Default 500,000. */
  readonly maxNodes?: number;
  /** Language of the page. Default `en`. */
  readonly lang?: Lang;
}

/** Levels kept. */
const MAX_DEPTH = 20_000;

/** The parts of the client are functions that stand alone; this hands them to the one that joins them. */
const SCRIPT = `(${profilePage})({text:${pageText},model:${pageModel},colors:${pageColors},compare:${pageCompare},` +
  `flame:${flameView},table:${tableView},heat:${heatView}})`;

/**
 * A profile as one HTML file that needs nothing else: flame graph, icicle, sandwich, top functions, a heat map over time
 * where the profile has a timeline, and a comparison where there is a profile before. A content security policy in it
 * forbids all but its own style and script.
 */
export function profileHtml(profile: Profile, options: ProfileHtmlOptions): string {
  const lang = options.lang ?? "en";
  const profiles = options.before ? [options.before, profile] : [profile];
  const encoded = encodeProfiles(profiles, {
    groupBy: options.groupBy,
    maxNodes: options.maxNodes ?? 500_000,
    maxDepth: MAX_DEPTH,
  });
  const title = escapeText(options.title, { limit: 300 });
  const tabs = ["flame", "icicle", "sandwich", "top"];
  if (profiles.length === 1 && encoded.sides[0].timeline) tabs.push("heat");
  if (profiles.length === 2) tabs.push("diff");
  const colors = options.colors ?? suitingColors(profile);
  const data = {
    ...encoded,
    types: encoded.types.map(({ name, unit }) => ({ name: escapeText(name, { limit: 60 }), unit })),
    texts: texts(lang),
    tab: options.tab && tabs.includes(options.tab) ? options.tab : "flame",
    share: options.share ?? true,
    color: "",
    palette: {
      kinds: KINDS,
      waiting: WAITING_KINDS,
      reasons: REASON_HUES,
      kindOrder: KIND_ORDER,
      lightHeat: LIGHT_HEAT,
      darkHeat: DARK_HEAT,
    },
  };
  const policy = `default-src 'none'; style-src 'sha256-${sha256Base64(PAGE_STYLE)}'; ` +
    `script-src 'sha256-${sha256Base64(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  // `<` is escaped, so that no text ends the element; the JSON means the same.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  const page = h`<!DOCTYPE html>
<html lang="${lang === "zh" ? "zh-CN" : "en"}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sonde</title><style>${raw(PAGE_STYLE)}</style></head>
<body><header><h1>${title}</h1><p class="soft">${subtitle(profile, options, encoded, lang)}</p></header>
${toolbar(encoded, colors, options, lang)}
<div role="tablist" aria-label="${message(lang, "page.views")}">${
    tabs.map((tab) => {
      const label = message(lang, `page.tab_${tab}` as MessageKey);
      return h`<button type="button" role="tab" id="tab-${tab}" aria-controls="panel-${
        tab === "icicle" ? "flame" : tab
      }" aria-selected="false" tabindex="-1">${label}</button>`;
    })
  }</div>
<main>${panels(tabs, encoded.sides[0].timeline?.sliceMs ?? 20, lang)}</main>
<footer><div id="detail"></div><div id="legend"></div></footer>
<div id="shown" class="unseen"></div><div id="said" class="unseen" role="status" aria-live="polite"></div><div id="tip" hidden aria-hidden="true"></div>
<script type="application/json" id="profile-data">${raw(json)}</script><script>${raw(SCRIPT)}</script></body></html>`;
  return page.markup + "\n";
}

/** What was counted, over which window, how well. */
function subtitle(profile: Profile, options: ProfileHtmlOptions, encoded: EncodedProfile, lang: Lang): string {
  const { before } = options;
  const windowOf = (p: Profile): string => p.quality.duration_ns > 0 ? formatByUnit(p.quality.duration_ns, "ns") : "";
  const parts: string[] = [];
  if (before) {
    const known = [before, profile].every((p) => p.quality.duration_ns > 0);
    const by = options.share ?? true ? "share" : known ? "time" : "as_is";
    parts.push(message(lang, by === "as_is" ? "page.compared_as_is" : `page.compared_by_${by}`));
    if (known) parts.push(`${windowOf(before)} → ${windowOf(profile)}`);
  } else if (windowOf(profile)) parts.push(windowOf(profile));
  if (profile.stacks.some((s) => s.frames.length > MAX_DEPTH)) {
    parts.push(message(lang, "page.too_deep", { n: formatNumber(MAX_DEPTH) }));
  }
  if (encoded.dropped > 0) parts.push(message(lang, "page.dropped", { n: formatNumber(encoded.dropped) }));
  parts.push(
    ...(before ? [before, profile] : [profile]).flatMap((p) =>
      qualityParts(p.quality, lang).slice(1).map((q) => q.text)
    ),
  );
  return [...new Set(parts)].join(" · ");
}

function option(value: string | number, text: string, chosen = false): Markup {
  return h`<option value="${value}"${chosen && raw(" selected")}>${text}</option>`;
}

/** What acts on every tab: what is counted, filters, colours, search. */
function toolbar(encoded: EncodedProfile, colors: FlameColors, options: ProfileHtmlOptions, lang: Lang): Markup {
  const label = (key: string): string => message(lang, `page.${key}` as MessageKey);
  const types = encoded.types.length > 1 &&
    h`<label>${label("type")} <select id="type">${
      encoded.types.map((t, i) => option(i, escapeText(t.name, { limit: 60 }) || "–", i === 0))
    }</select></label>`;
  const filters = encoded.labels.keys.map((key, k) => {
    const values = encoded.labels.values[k];
    if (values.length < 2 || values.length > MOST_VALUES) return null;
    const sorted = values.map((text, v) => ({ text, v })).sort((a, b) => a.text.localeCompare(b.text, "en", NUMERIC));
    return h`<label>${key} <select data-label="${k}">${option(-1, label("any"), true)}${
      sorted.map(({ text, v }) => option(v, text))
    }</select></label>`;
  });
  const modes = ["kind", "module", "self", "offcpu"].map((mode) =>
    option(mode, label(`color_${mode}`), !options.before && mode === colors)
  );
  if (options.before) modes.unshift(option("change", label("color_change"), true));
  encoded.labels.keys.forEach((key, k) => {
    if (encoded.labels.values[k].length > 1 && encoded.labels.values[k].length <= MOST_VALUES) {
      modes.push(option(`label:${k}`, key));
    }
  });
  const sides = options.before &&
    h`<label>${label("width")} <select id="width">${
      ["after", "before", "both"].map((w) => option(w, label(`width_${w}`), w === "after"))
    }</select></label><label><input type="checkbox" id="share"${(options.share ?? true) && raw(" checked")}>${
      label("share")
    }</label>`;
  return h`<div class="bars">${types}${filters}<label>${
    label("color")
  } <select id="color">${modes}</select></label>${sides}
<div class="end"><button type="button" id="range" hidden title="${label("range_clear")}"></button>
<button type="button" id="reset" hidden>${label("reset")}</button><span id="matched" class="soft" role="status"></span>
<input id="search" type="search" placeholder="${label("search")}" aria-label="${label("search")}: ${
    label("search_hint")
  }" spellcheck="false"></div></div>`;
}

/** Filters with more choices than this are no use, and thousands of them make a page slow. */
const MOST_VALUES = 500;
const NUMERIC = { numeric: true };

function panels(tabs: readonly string[], sliceMs: number, lang: Lang): Markup {
  const label = (key: string): string => message(lang, `page.${key}` as MessageKey);
  const buckets = [20, 50, 100, 200, 500, 1000].filter((ms) => ms % sliceMs === 0).slice(0, 3);
  const panel = (name: string, body: Markup): Markup | null =>
    tabs.includes(name) ? h`<section role="tabpanel" id="panel-${name}" hidden>${body}</section>` : null;
  const view = (id: string, name: string, look = "flame"): Markup =>
    h`<div class="${look}" id="${id}" aria-label="${name}"></div>`;
  const percent = (key: string): string => message(lang, key as MessageKey) + " %";
  return h`${
    panel(
      "flame",
      h`<p class="help">${label("flame_help")}</p>${view("flame", label("tab_flame"))}
<details id="callees-table"><summary>${label("as_table")}</summary><ol id="path" aria-label="${label("path")}"></ol>
<table><thead><tr><th scope="col">${message(lang, "profile.function")}</th><th scope="col" class="n">${
        message(lang, "profile.total")
      }</th><th scope="col" class="n">${percent("profile.total")}</th><th scope="col" class="n">${
        percent("profile.self")
      }</th></tr></thead><tbody id="callee-rows"></tbody></table><p id="callees-more" class="soft"></p></details>`,
    )
  }${
    panel(
      "sandwich",
      h`<p class="help">${
        label("sandwich_help")
      }</p><div class="sandwich"><div class="table" id="functions"></div><div>${
        view("callers", label("callers"))
      }<div id="middle" aria-live="polite"></div>${view("callees", label("callees"))}</div></div>`,
    )
  }${panel("top", h`<div class="table" id="top-table"></div>`)}${
    panel(
      "heat",
      h`<p class="help">${label("heat_help")}</p><div class="bars"><label>${label("heat_bucket")} <select id="bucket">${
        buckets.map((ms, i) => option(ms, `${ms} ms`, i === 0))
      }</select></label><label>${label("heat_from")} <input id="from" inputmode="decimal" size="7"> s</label><label>${
        label("heat_to")
      } <input id="to" inputmode="decimal" size="7"> s</label></div>${view("heat", label("tab_heat"), "heat")}`,
    )
  }${panel("diff", h`<p class="soft" id="diff-note"></p><div class="table" id="diff-table"></div>`)}`;
}

function texts(lang: Lang): Record<string, string> {
  const own = PAGE_TEXTS.map((key) => [key, message(lang, `page.${key}`)]);
  const kinds = KIND_ORDER.map((kind) => [`kind_${kind}`, message(lang, `flame.kind.${kind}` as MessageKey)]);
  return Object.fromEntries([
    ...own,
    ...kinds,
    ["all", message(lang, "flame.all")],
    ["of_all", message(lang, "flame.of_all")],
    ["of_zoom", message(lang, "flame.of_zoom")],
    ["self_line", message(lang, "flame.self")],
    ["matched", message(lang, "flame.matched")],
    ["function", message(lang, "profile.function")],
    ["self", message(lang, "profile.self")],
    ["total", message(lang, "profile.total")],
  ]);
}

/** What the client says itself. */
const PAGE_TEXTS = [
  "tab_top",
  "tab_diff",
  "left_out",
  "total_line",
  "before_after",
  "points",
  "noise",
  "more",
  "less",
  "self_little",
  "self_much",
  "functions",
  "self_before",
  "self_after",
  "self_change",
  "total_before",
  "total_after",
  "total_change",
  "change_hint",
  "empty",
  "rows_more",
  "range",
  "filtered",
  "unfiltered",
  "shown",
  "chance",
  "no_chance",
  "heat_span",
  "heat_cell",
  "heat_samples",
] as const;
