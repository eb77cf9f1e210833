import type { Diagnosis, Severity } from "../../data/mod.ts";
import { barText } from "../bars.ts";
import { escapeText } from "../escape.ts";
import { formatDuration, formatRatio } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import { PLAIN, type RenderOptions, usableWidth } from "../options.ts";
import { type Paint, type Style, styleFor } from "../style.ts";
import { confidenceText, culpritParts, evidenceEntry, otherFindings, verdictTitle } from "../verdict.ts";
import { displayWidth, pad, wrap } from "../width.ts";
import { renderQuality } from "./quality.ts";
import { renderUseMatrix } from "./use_matrix.ts";

/** How a diagnosis is laid out. */
export interface DiagnosisOptions extends RenderOptions {
  /** The verdict, what to do first, and the USE matrix only. */
  readonly short?: boolean;
}

const SHORT_EVIDENCE = 3;
const MOST_TEXT = 112;

/**
 * A diagnosis: the verdict first, then cause, evidence with the commands that reproduce it, what to do, the other
 * explanations, the USE matrix, what is not known, and the quality of it all.
 */
export function renderDiagnosis(d: Diagnosis, options: DiagnosisOptions = PLAIN): string {
  const style = styleFor(options);
  const sections = [verdict(d, options, style)];
  if (options.short) {
    sections.push(evidence(d, options, style, SHORT_EVIDENCE), recommendations(d, options, style, 1));
    sections.push(matrix(d, options, style));
    sections.push(footer(d, options, style) + "\n" + style.dim(message(options.lang, "short.more")));
  } else {
    sections.push(evidence(d, options, style), recommendations(d, options, style), alternatives(d, options, style));
    sections.push(matrix(d, options, style), notKnown(d, options, style), footer(d, options, style));
  }
  return sections.filter((s) => s !== "").join("\n\n") + "\n";
}

function verdict(d: Diagnosis, o: RenderOptions, style: Style): string {
  const paint = severityPaint(style, d.severity);
  const severity = message(o.lang, `severity.${d.severity}`);
  const title = verdictTitle(d, o.lang);
  const left = `● ${severity}  ${title}`;
  const right = confidenceText(d.confidence, o.lang);
  const gap = Math.max(3, Math.min(usableWidth(o), MOST_TEXT) - displayWidth(left) - displayWidth(right));
  const lines = [`${paint("● " + severity)}  ${style.bold(title)}${" ".repeat(gap)}${style.dim(right)}`];
  if (d.culprit) {
    const { comm, rest } = culpritParts(d.culprit, o.lang);
    lines.push(`  ${style.name(style.bold(comm))}${rest.map((part) => style.dim(" · ") + part).join("")}`);
  }
  lines.push("", ...paragraph(d.root_cause, o, "  ", true));
  return lines.join("\n");
}

/** Claims of one tool call stand together, above the command that repeats it. */
function evidence(d: Diagnosis, o: RenderOptions, style: Style, most = Infinity): string {
  const items = new Map(d.evidence_items.map((item) => [item.id, item]));
  const calls = new Map(d.tool_calls.map((call) => [call.id, call]));
  const groups = new Map<string, { id: string; text: string }[]>();
  for (const entry of d.evidence.slice(0, most).map(evidenceEntry)) {
    const call = items.get(entry.id)?.call ?? "";
    groups.set(call, [...groups.get(call) ?? [], entry]);
  }
  if (groups.size === 0) return "";
  const idWidth = Math.max(0, ...d.evidence.map((e) => evidenceEntry(e).id.length));
  const lines = [heading(o, style, "heading.evidence")];
  for (const [callId, entries] of groups) {
    for (const entry of entries) {
      const [first, ...rest] = paragraph(entry.text, o, " ".repeat(idWidth + 4));
      lines.push(`  ${style.dim(pad(entry.id, idWidth))}  ${first.trimStart()}`, ...rest);
    }
    const command = calls.get(callId)?.command;
    // Not wrapped: a command that was broken into lines cannot be copied.
    if (command && most === Infinity) lines.push(style.dim(`${" ".repeat(idWidth + 4)}$ ${escapeText(command)}`));
  }
  return lines.join("\n");
}

function recommendations(d: Diagnosis, o: RenderOptions, style: Style, most = Infinity): string {
  if (d.recommendations.length === 0) return "";
  const lines = [heading(o, style, "heading.recommendations")];
  d.recommendations.slice(0, most).forEach((text, i) => {
    const [first, ...rest] = paragraph(text, o, "     ");
    lines.push(`  ${style.good(`${i + 1}.`)} ${first.trimStart()}`, ...rest);
  });
  return lines.join("\n");
}

function alternatives(d: Diagnosis, o: RenderOptions, style: Style): string {
  const findings = otherFindings(d);
  if (findings.length === 0) return "";
  const key = findings.length === d.findings.length ? "heading.explanations" : "heading.alternatives";
  const lines = [heading(o, style, key)];
  const types = findings.map((f) => message(o.lang, `type.${f.bottleneck_type}`));
  const typeWidth = Math.max(...types.map(displayWidth));
  findings.forEach((f, i) => {
    const bar = style.bar(pad(barText(f.confidence, 8), 8));
    const who = f.culprit ? ` (${culpritParts(f.culprit, o.lang).comm})` : "";
    const indent = 2 + 7 + 1 + 8 + 2 + typeWidth + 2;
    const [first, ...rest] = paragraph(f.cause + who, o, " ".repeat(indent));
    const share = pad(formatRatio(f.confidence), 7, "right");
    lines.push(`  ${share} ${bar}  ${pad(types[i], typeWidth)}  ${first.trimStart()}`, ...rest);
  });
  return lines.join("\n");
}

function matrix(d: Diagnosis, o: RenderOptions, style: Style): string {
  if (d.use_matrix.length === 0) return "";
  const inner = renderUseMatrix(d.use_matrix, { ...o, width: Math.min(usableWidth(o), 130) - 2 });
  return [heading(o, style, "heading.use"), ...inner.split("\n").map((line) => "  " + line)].join("\n");
}

function notKnown(d: Diagnosis, o: RenderOptions, style: Style): string {
  if (d.not_known.length === 0) return "";
  const lines = [heading(o, style, "heading.not_known")];
  for (const text of d.not_known) {
    const [first, ...rest] = paragraph(text, o, "    ");
    lines.push(`  ${style.dim("·")} ${first.trimStart()}`, ...rest);
  }
  return lines.join("\n");
}

function footer(d: Diagnosis, o: DiagnosisOptions, style: Style): string {
  const parts = [
    message(o.lang, "quality.rounds", { n: d.rounds }),
    message(o.lang, "quality.calls", { n: d.tool_calls.length }),
    message(o.lang, "quality.elapsed", { time: formatDuration(d.elapsed_s * 1e9) }),
    message(o.lang, "quality.driver", { driver: escapeText(d.driver, { limit: 40 }) }),
  ];
  return [style.dim(parts.join(" · ")), renderQuality(d.quality, { ...o, notes: !o.short })].filter((s) => s !== "")
    .join("\n");
}

function heading(o: RenderOptions, style: Style, key: MessageKey): string {
  return style.heading(message(o.lang, key));
}

/** Text of the report, wrapped and indented. Lines longer than {@linkcode MOST_TEXT} are hard to read. */
function paragraph(text: string, o: RenderOptions, indent: string, newlines = false): string[] {
  const width = Math.min(usableWidth(o), MOST_TEXT) - indent.length;
  return wrap(escapeText(text, { newlines, limit: 8000 }), Math.max(20, width)).map((line) => indent + line);
}

function severityPaint(style: Style, severity: Severity): Paint {
  return severity === "critical" ? style.bad : severity === "warning" ? style.warn : style.good;
}
