import { cellAt, type Histogram, type Profile, type Result, type Table, type Text } from "../../data/mod.ts";
import { bucketRange } from "../bucket_range.ts";
import { cellText, headerText, isNumeric, isQuiet, percent } from "../cell_text.ts";
import { escapeText, escapeXml } from "../escape.ts";
import { formatNumber } from "../format_value.ts";
import { histogramCount, histogramRows } from "../histogram_rows.ts";
import { histogramSummary } from "../histogram_summary.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { baseName, functionTotals, profileTotal } from "../profile_stats.ts";
import { qualityParts } from "../quality_parts.ts";
import type { Anchors } from "./anchors.ts";
import { barSvg, lineChart } from "./charts.ts";
import { h, type Markup, raw } from "./markup.ts";

/** Where a result stands: which call, which name, and what evidence points at. */
export interface ResultPlace {
  readonly call: string;
  readonly name: string;
  readonly anchors: Anchors;
  readonly lang: Lang;
}

const MOST_ROWS = 100;
const MOST_FUNCTIONS = 25;
const MOST_LINES = 200;
const FEW_NOTES = 2;

/** A result with its name and quality, every cell that evidence points at being a target of its own. */
export function resultSection(result: Result, place: ResultPlace): Markup {
  const inner = h`${body(result, place)}`;
  // Evidence may point at what has no element here, a bucket or a stack: its target is then the whole result.
  const elsewhere = place.anchors.ids(place.call, place.name).filter((id) => !inner.markup.includes(` id="${id}"`));
  const name = escapeText(place.name, { limit: 100 });
  const section = h`<section class="result"><h4>${name}</h4>${inner}${qualityLine(result, place.lang)}</section>`;
  return elsewhere.reduce((around, id) => h`<div id="${id}">${around}</div>`, section);
}

function body(result: Result, place: ResultPlace): Markup | null {
  switch (result.kind) {
    case "table":
      return result.length === 0 ? soft(message(place.lang, "table.empty")) : table(result, place);
    case "histogram":
      return histogram(result, place.lang);
    case "profile":
      return functions(result, place.lang);
    case "series":
      return lineChart(result) ?? soft(message(place.lang, "result.empty"));
    case "text":
      return text(result);
  }
}

/** What is not perfect, window and cost; notes one by one. */
export function qualityLine(result: Pick<Result, "quality">, lang: Lang): Markup {
  const parts = qualityParts(result.quality, lang).map((p) =>
    h`<span${attribute("class", p.warning && "warn")}>${p.text}</span> `
  );
  const notes = result.quality.notes.map((n) => h`<li>${escapeText(n, { limit: 2000 })}</li>`);
  return h`<p class="quality">${parts}</p>${notes.length > 0 && noteList(notes, lang)}`;
}

/** A few notes are shown, many are folded. */
function noteList(notes: readonly Markup[], lang: Lang): Markup {
  const list = h`<ul class="notes">${notes}</ul>`;
  if (notes.length <= FEW_NOTES) return list;
  return h`<details class="remarks"><summary>${
    message(lang, "quality.notes", { n: notes.length })
  }</summary>${list}</details>`;
}

function soft(words: string): Markup {
  return h`<p class="soft">${words}</p>`;
}

function attribute(name: "class" | "id", value: string | false | undefined): Markup | null {
  return value ? h` ${name}="${value}"` : null;
}

function scrolling(head: readonly Markup[], rows: readonly Markup[]): Markup {
  const inner = h`<thead><tr>${head}</tr></thead><tbody>${rows}</tbody>`;
  return h`<div class="scroll" tabindex="0"><table class="data">${inner}</table></div>`;
}

function table(t: Table, { call, name, anchors, lang }: ResultPlace): Markup {
  const wanted = anchors.rows(call, name);
  const shown = Array.from({ length: t.length }, (_, i) => i).filter((i) => i < MOST_ROWS || wanted.has(i));
  const cell = (row: number, c: number): { value: string; attributes: Markup } => {
    const field = t.fields[c];
    const value = cellText(cellAt(t.columns[c], row), field);
    const quiet = value === "-" || isNumeric(field) && isQuiet(value);
    const look = [isNumeric(field) ? "n" : "", quiet ? "quiet" : ""].filter((s) => s !== "").join(" ");
    const id = anchors.at(call, name, "rows", row, c);
    return { value, attributes: h`${attribute("class", look)}${attribute("id", id)}` };
  };
  // A single row is read as pairs: it would be wider than any screen.
  if (t.length === 1 && t.fields.length > 3) {
    const pairs = t.fields.map((f, c) => {
      const { value, attributes } = cell(0, c);
      return h`<div><dt>${headerText(f)}</dt><dd${attributes}>${value}</dd></div>`;
    });
    return h`<dl class="pairs">${pairs}</dl>`;
  }
  const head = t.fields.map((f) => h`<th scope="col"${attribute("class", isNumeric(f) && "n")}>${headerText(f)}</th>`);
  const rows = shown.map((row) => {
    const cells = t.fields.map((_, c) => {
      const { value, attributes } = cell(row, c);
      return h`<td${attributes}>${value}</td>`;
    });
    return h`<tr${attribute("id", anchors.at(call, name, "rows", row))}>${cells}</tr>`;
  });
  const more = t.length - shown.length;
  return h`${scrolling(head, rows)}${more > 0 && soft(message(lang, "table.more_rows", { n: formatNumber(more) }))}`;
}

function histogram({ buckets, unit }: Histogram, lang: Lang): Markup {
  if (histogramCount(buckets) === 0) return soft(message(lang, "result.empty"));
  const rows = histogramRows(buckets, 24);
  const most = Math.max(...rows.map((r) => r.count));
  const lines = rows.map((r) => {
    const range = bucketRange(r, unit);
    const bar = barSvg([{ share: r.count / most, look: "l0" }]);
    return h`<tr><th scope="row" class="n">${range}</th><td>${bar}</td><td class="n">${
      formatNumber(r.count)
    }</td></tr>`;
  });
  return h`<table class="bars hist">${lines}</table>${soft(histogramSummary(buckets, unit, lang))}`;
}

function functions(profile: Profile, lang: Lang): Markup {
  const total = profileTotal(profile);
  if (total === 0) return soft(message(lang, "result.empty"));
  const all = functionTotals(profile).filter((f) => f.self > 0);
  const top = all.slice(0, MOST_FUNCTIONS);
  const rows = top.map((f) => {
    const bar = barSvg([{ share: f.self / top[0].self, look: "l0" }]);
    const module = h`<small>${escapeText(baseName(f.module), { limit: 100 })}</small>`;
    return h`<tr><td class="n">${percent(f.self / total)}</td><td class="n">${percent(f.total / total)}</td>
<td class="bar-cell">${bar}</td><td class="code">${escapeText(f.function, { limit: 300 })} ${module}</td></tr>`;
  });
  const head = [
    h`<th class="n">${message(lang, "profile.self")} %</th>`,
    h`<th class="n">${message(lang, "profile.total")} %</th>`,
    h`<th></th><th>${message(lang, "profile.function")}</th>`,
  ];
  const more = all.length - top.length;
  return h`${scrolling(head, rows)}${more > 0 && soft(message(lang, "profile.more", { n: formatNumber(more) }))}`;
}

/** Lines stay lines; all else that cannot be seen is written out. An SVG file is no reading matter. */
function text(t: Text): Markup | null {
  if (/^\s*<(\?xml|svg)\b/.test(t.text)) return null;
  const lines = t.text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").trimEnd().split("\n");
  const shown = lines.slice(0, MOST_LINES).map((line) => raw(escapeXml(line, { limit: 2000 }) + "\n"));
  return h`<pre tabindex="0">${shown}${lines.length > MOST_LINES && "…"}</pre>`;
}
