import { escapeText } from "../escape.ts";
import { formatDuration, formatRatio } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import { confidenceWords, culpritParts, verdictTitle } from "../verdict.ts";
import { prose } from "./_text.ts";
import { barSvg } from "./charts.ts";
import { machineFacts } from "./facts.ts";
import { h, type Markup } from "./markup.ts";
import type { ReportInput } from "./report.ts";
import { qualityLine } from "./result_section.ts";

/** The verdict: how bad, what, who, why, how sure; and where and how it was measured. */
export function reportHead({ diagnosis: d, calls, lang, subject }: ReportInput): Markup {
  const culprit = d.culprit && culpritParts(d.culprit, lang);
  const who = culprit &&
    h`<p class="culprit"><b>${culprit.comm}</b>${culprit.rest.map((part) => h` <span>${part}</span>`)}</p>`;
  const facts: [MessageKey, string][] = [
    ["report.elapsed", formatDuration(d.elapsed_s * 1e9)],
    ["report.rounds", String(d.rounds)],
    ["report.calls", String(d.tool_calls.length)],
    ["report.driver", escapeText(d.driver, { limit: 60 })],
    ["report.ended_by", message(lang, `ended.${d.ended_by}`)],
  ];
  const factRows = facts.map(([key, value]) => h`<div><dt>${message(lang, key)}</dt><dd>${value}</dd></div>`);
  const machine = machineFacts(calls, lang).join(" · ");
  const question = escapeText(d.question, { limit: 500 });
  const place = subject ? h` <span>${escapeText(subject, { limit: 200 })}</span>` : null;
  return h`<header class="${d.severity}">
<p class="brand"><b>Sonde</b>${place}</p>
<div class="verdict"><div>
<p class="severity">${message(lang, `severity.${d.severity}`)}</p>
<h1>${verdictTitle(d, lang)}</h1>
${who}
<p class="cause">${prose(d.root_cause, true)}</p>
</div><aside>
<p class="confidence"><b>${formatRatio(d.confidence)}</b> ${confidenceWords(d.confidence, lang)}</p>
${barSvg([{ share: d.confidence, look: "confidence" }])}
<dl>${factRows}</dl>
</aside></div>
${question && h`<p class="question">${message(lang, "report.question")} <q>${question}</q></p>`}
${machine && h`<p class="machine">${machine}</p>`}
${qualityLine(d, lang)}
</header>`;
}
