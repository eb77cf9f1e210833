import type { Culprit, Diagnosis, Finding } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { formatRatio } from "./format_value.ts";
import { message, type MessageKey } from "./messages/message.ts";
import type { Lang } from "./options.ts";

/** Whether nothing was found, nothing could be decided, or something was. */
export function verdictKind(d: Diagnosis): "healthy" | "undecided" | "found" {
  if (d.bottleneck_type !== "unknown") return "found";
  return d.severity === "info" ? "healthy" : "undecided";
}

/** The verdict in two or three words: the bottleneck, `No problem found` or `Undecided`. */
export function verdictTitle(d: Diagnosis, lang: Lang): string {
  const kind = verdictKind(d);
  return kind === "found" ? message(lang, `type.${d.bottleneck_type}`) : message(lang, `verdict.${kind}`);
}

/** How sure a probability is, in words: `confident`. */
export function confidenceWords(confidence: number, lang: Lang): string {
  const key: MessageKey = confidence >= 0.95
    ? "confidence.certain"
    : confidence >= 0.8
    ? "confidence.high"
    : confidence >= 0.5
    ? "confidence.likely"
    : confidence >= 0.25
    ? "confidence.low"
    : "confidence.guess";
  return message(lang, key);
}

/** A probability in words and number: `confident, 92 %`. */
export function confidenceText(confidence: number, lang: Lang): string {
  const params = { words: confidenceWords(confidence, lang), percent: formatRatio(confidence) };
  return message(lang, "confidence.phrase", params);
}

/** The parts that name a culprit, escaped: `worker`, `pid 7`, `in f`, `main.c`, `container web`. */
export function culpritParts(c: Culprit, lang: Lang): { comm: string; rest: string[] } {
  const text = (s: string): string => escapeText(s, { limit: 300 });
  const rest: string[] = [];
  if (c.pid > 0) rest.push(message(lang, "culprit.pid", { pid: c.pid }));
  if (c.function) rest.push(message(lang, "culprit.function", { function: text(c.function) }));
  if (c.file) rest.push(text(c.file));
  if (c.container) rest.push(message(lang, "culprit.container", { container: text(c.container) }));
  return { comm: text(c.comm), rest };
}

/** The explanations to list beside the verdict: all but the leader, all of them when nothing was decided. */
export function otherFindings(d: Diagnosis): readonly Finding[] {
  return verdictKind(d) === "found" ? d.findings.slice(1) : d.findings;
}

/** The text of an entry of `evidence` and the id that it starts with. */
export function evidenceEntry(entry: string): { id: string; text: string } {
  const m = /^\[([\w.-]{1,20})\]\s*(.*)$/s.exec(entry);
  return m ? { id: m[1], text: m[2] } : { id: "", text: entry };
}
