import { escapeText } from "../escape.ts";
import { formatDuration } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { command } from "./_text.ts";
import type { Anchors } from "./anchors.ts";
import { h, type Markup } from "./markup.ts";
import type { ReportCall } from "./report.ts";
import { resultSection } from "./result_section.ts";

/** Every call in full, folded: its command, error and results. */
export function toolCallsSection(calls: readonly ReportCall[], anchors: Anchors, lang: Lang): Markup | null {
  if (calls.length === 0) return null;
  return h`<section><h2>${message(lang, "heading.calls")}</h2>${
    calls.map((c) => callDetails(c, anchors, lang))
  }</section>`;
}

function callDetails({ record: r, results }: ReportCall, anchors: Anchors, lang: Lang): Markup {
  const failed = message(lang, "report.failed");
  const end = r.ok
    ? h`<span class="soft">${formatDuration(r.duration_ns)}</span>`
    : h`<span class="error">${failed}</span>`;
  const args = escapeText(JSON.stringify(r.args), { limit: 200 });
  const summary = h`<span class="id">${r.id}</span> <b>${r.tool}</b> <code>${args}</code> ${end}`;
  const error = r.ok ? null : h`<p class="error">${escapeText(r.error ?? failed, { limit: 2000, newlines: true })}</p>`;
  const sections = Object.entries(results).map(([name, result]) =>
    resultSection(result, { call: r.id, name, anchors, lang })
  );
  // What points at a result that is not here lands on the call.
  const own = anchors.missing(r.id, Object.keys(results)).map((id) => h`<a id="${id}"></a>`);
  return h`<details id="call-${r.id}"><summary>${summary}</summary>${own}${command(r)}${error}${sections}</details>`;
}
