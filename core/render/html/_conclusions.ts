import type { Diagnosis, Finding } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatRatio } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { culpritParts } from "../verdict.ts";
import { prose } from "./_text.ts";
import type { Anchors } from "./anchors.ts";
import { barSvg } from "./charts.ts";
import { h, type Markup } from "./markup.ts";

/** What to do. */
export function adviceSection(d: Diagnosis, lang: Lang): Markup | null {
  if (d.recommendations.length === 0) return null;
  const list = d.recommendations.map((text) => h`<li>${prose(text)}</li>`);
  return h`<section><h2>${message(lang, "heading.recommendations")}</h2><ol class="advice">${list}</ol></section>`;
}

/** All explanations with their probabilities as bars. */
export function findingsSection(d: Diagnosis, anchors: Anchors, lang: Lang): Markup | null {
  if (d.findings.length === 0) return null;
  const row = (f: Finding): Markup => {
    const who = f.culprit ? h` <small>${culpritParts(f.culprit, lang).comm}</small>` : null;
    const links = f.evidence.map((id) => {
      const href = anchors.link(id);
      return href ? h` <a href="${href}">${id}</a>` : null;
    });
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
