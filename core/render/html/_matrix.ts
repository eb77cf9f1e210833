import type { Diagnosis, UseCell } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { useCellText } from "../use_cell_text.ts";
import type { Anchors } from "./anchors.ts";
import { h, type Markup } from "./markup.ts";

/** The USE matrix: cells coloured by state, those that are evidence linked to it. */
export function matrixSection(d: Diagnosis, anchors: Anchors, lang: Lang): Markup | null {
  if (d.use_matrix.length === 0) return null;
  const keys = ["use.utilization", "use.saturation", "use.errors"] as const;
  const cell = (c: UseCell, key: MessageKey): Markup => {
    const href = c.evidence && anchors.link(c.evidence);
    const link = href ? h` <a href="${href}">${c.evidence}</a>` : null;
    const state = h`<span class="state">${message(lang, `use.${c.state}`)}</span>`;
    return h`<td class="${c.state}" data-label="${message(lang, key)}">${state} <span>${
      useCellText(c, lang)
    }${link}</span></td>`;
  };
  const rows = d.use_matrix.map((r) => {
    const cells = [r.utilization, r.saturation, r.errors].map((c, i) => cell(c, keys[i]));
    return h`<tr><th scope="row">${escapeText(r.resource, { limit: 200 })}</th>${cells}</tr>`;
  });
  const head = h`<th>${message(lang, "use.resource")}</th>${keys.map((key) => h`<th>${message(lang, key)}</th>`)}`;
  return h`<section><h2>${message(lang, "heading.use")}</h2>
<table class="use"><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></section>`;
}
