import type { Diagnosis, EvidenceItem } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatByUnit } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { evidenceEntry } from "../verdict.ts";
import { prose } from "./_text.ts";
import type { Anchors } from "./anchors.ts";
import { h, type Markup } from "./markup.ts";
import { placeName } from "./place_name.ts";
import type { ReportCall } from "./report.ts";

/** Every claim with its value, a link to the cell it stands on, and the command that repeats the measurement. */
export function evidenceSection(
  d: Diagnosis,
  calls: readonly ReportCall[],
  anchors: Anchors,
  lang: Lang,
): Markup | null {
  if (d.evidence.length === 0) return null;
  const items = new Map(d.evidence_items.map((i) => [i.id, i]));
  const byId = new Map(calls.map((c) => [c.record.id, c]));
  const list = d.evidence.map(evidenceEntry).map(({ id, text }) => {
    const item = items.get(id);
    const call = item && byId.get(item.call);
    const value = item && h`<b class="value">${valueText(item)}</b>`;
    const claim = h`<div class="claim"><span class="id">${id}</span><p>${prose(text)}</p>${value}</div>`;
    return h`<li${id && h` id="${id}"`}>${claim}${item && call && source(item, call, anchors)}</li>`;
  });
  return h`<section><h2>${message(lang, "heading.evidence")}</h2><ol class="evidence">${list}</ol></section>`;
}

function source(item: EvidenceItem, call: ReportCall, anchors: Anchors): Markup {
  const target = anchors.of(item);
  const name = `${item.call} · ${placeName(target, call.results)}`;
  const code = h`<code>${escapeText(call.record.command, { limit: 2000 })}</code>`;
  return h`<p class="source"><a href="#${target.id}">${name}</a> ${code}</p>`;
}

function valueText({ value, unit }: EvidenceItem): string {
  if (typeof value === "number") return formatByUnit(value, unit as Parameters<typeof formatByUnit>[1]);
  return value === null ? "-" : escapeText(typeof value === "string" ? value : JSON.stringify(value), { limit: 60 });
}
