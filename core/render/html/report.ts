import type { Diagnosis, Results, ToolCallRecord } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { FLAME_COLORS_STYLE, FLAME_STYLE } from "../flame/style.ts";
import { FLAME_SCRIPT } from "../flame/svg.ts";
import type { Lang } from "../options.ts";
import { evidenceEntry, verdictTitle } from "../verdict.ts";
import { reportClient } from "./_client.js";
import { adviceSection, findingsSection, notKnownSection } from "./_conclusions.ts";
import { evidenceSection } from "./_evidence.ts";
import { chartsSection, flamesSection } from "./_figures.ts";
import { reportHead } from "./_head.ts";
import { matrixSection } from "./_matrix.ts";
import { sha256Base64 } from "./sha256.ts";
import { toolCallsSection } from "./_tool_calls.ts";
import { anchorsOf } from "./anchors.ts";
import { h, raw } from "./markup.ts";
import { REPORT_STYLE } from "./style.ts";

/** A tool call of an investigation with what it answered. */
export interface ReportCall {
  /** What was called, and how it went. */
  readonly record: ToolCallRecord;
  /** By name; empty when the call failed. */
  readonly results: Results;
}

/** What a report is made of. */
export interface ReportInput {
  /** The answer. */
  readonly diagnosis: Diagnosis;
  /** Results of the calls in `diagnosis.tool_calls`, by their ids; calls without results are shown by their record. */
  readonly calls: readonly ReportCall[];
  /** Language of what the report itself says. */
  readonly lang: Lang;
  /** Where and when: `web-1, 2026-01-02 03:04 UTC`. Shown in the head of the report. */
  readonly subject?: string;
}

const STYLE = REPORT_STYLE + FLAME_STYLE + FLAME_COLORS_STYLE;
const SCRIPT = `(${reportClient.toString()})();${FLAME_SCRIPT}`;

/**
 * A diagnosis as one HTML file that needs nothing else: verdict, USE matrix, evidence linked to the cells it stands on,
 * advice, rivals, charts, flame graphs and every tool call in full. A content security policy in it forbids all but its
 * own style and script.
 */
export function reportHtml(input: ReportInput): string {
  const { diagnosis: d, lang } = input;
  const answered = new Map(input.calls.map((c) => [c.record.id, c]));
  const calls = d.tool_calls.map((record) => answered.get(record.id) ?? { record, results: {} });
  const claimed = new Set(d.evidence.map((entry) => evidenceEntry(entry).id));
  const anchors = anchorsOf(d.evidence_items, claimed, new Set(calls.map((c) => c.record.id)));
  const policy =
    `default-src 'none'; style-src 'sha256-${sha256Base64(STYLE)}'; script-src 'sha256-${
      sha256Base64(SCRIPT)
    }'; base-uri 'none'; ` +
    `form-action 'none'`;
  const who = d.culprit ? `: ${escapeText(d.culprit.comm, { limit: 80 })}` : "";
  const page = h`<!DOCTYPE html>
<html lang="${lang === "zh" ? "zh-CN" : "en"}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${verdictTitle(d, lang)}${who} · Sonde</title>
<style>${raw(STYLE)}</style></head>
<body><main>
${reportHead({ ...input, calls })}
${matrixSection(d, anchors, lang)}
${evidenceSection(d, calls, anchors, lang)}
${adviceSection(d, lang)}
${findingsSection(d, anchors, lang)}
${chartsSection(calls, lang)}
${flamesSection(calls, lang)}
${notKnownSection(d, lang)}
${toolCallsSection(calls, anchors, lang)}
</main><script>${raw(SCRIPT)}</script></body></html>`;
  return page.markup + "\n";
}
