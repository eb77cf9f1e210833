import type { Diagnosis, Finding } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatRatio } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { culpritParts } from "../verdict.ts";
import { prose } from "./_text.ts";
import { barSvg } from "./charts.ts";
import { h, type Markup } from "./markup.ts";

/** What to do. */
export function adviceSection(d: Diagnosis, lang: Lang): Markup | null {
  if (d.recommendations.length === 0) return null;
  const list = d.recommendations.map((text) => h`<li>${prose(text)}</li>`);
  return h`<section><h2>${message(lang, "heading.recommendations")}</h2><ol class="advice">${list}</ol></section>`;
}

/** All explanations with their probabilities as bars. */
export function findingsSection(d: Diagnosis, lang: Lang): Markup | null {
  if (d.findings.length === 0) return null;
  const known = new Set(d.evidence_items.map((i) => i.id));
  const row = (f: Finding): Markup => {
    const who = f.culprit ? h` <small>${culpritParts(f.culprit, lang).comm}</small>` : null;
    const links = f.evidence.filter((id) => known.has(id)).map((id) => h` <a href="#${id}">${id}</a>`);
    return h`<tr><th scope="row">${message(lang, `type.${f.bottleneck_type}`)}</th>
<td class="n">${formatRatio(f.confidence)}</td>
<td class="bar-cell">${barSvg([{ share: f.confidence, look: "l0" }])}</td>
<td>${escapeText(f.cause, { limit: 500 })}${who}${links}</td></tr>`;
  };
  return h`<section><h2>${message(lang, "heading.all_explanations")}</h2>
<table class="findings">${d.findings.map(row)}</table></section>`;
}

/** What could not be known. */
export function notKnownSection(d: Diagnosis, lang: Lang): Markup | null {
  if (d.not_known.length === 0) return null;
  const list = d.not_known.map((text) => h`<li>${prose(text)}</li>`);
  return h`<section><h2>${message(lang, "heading.not_known")}</h2><ul>${list}</ul></section>`;
}
