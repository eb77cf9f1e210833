import type { UseCell, UseRow } from "../../data/mod.ts";
import type { Lang } from "../driver.ts";
import { activation } from "./activation.ts";
import type { EvidenceList } from "./evidence.ts";
import { type Facts, MACHINE, type Subject } from "./facts.ts";
import { decisive, fill, fillAll } from "./fill.ts";
import { isKernelThread } from "./infer.ts";
import type { Knowledge, UseCellSpec, UseSpec } from "./knowledge.ts";

/** More rows of a kind than this are left out; those in trouble come first. */
const MAX_ROWS = 16;

/** Utilisation, saturation and errors of every resource (Gregg's USE method), each cell with its evidence. */
export function useMatrix(facts: Facts, knowledge: Knowledge, lang: Lang, evidence: EvidenceList): UseRow[] {
  const rows: UseRow[] = [];
  for (const spec of knowledge.use) {
    const seen = new Set<string>();
    const some: UseRow[] = [];
    for (const subject of spec.each === undefined ? [MACHINE] : facts.subjects(spec.each)) {
      if (spec.where && (activation(spec.where, facts, subject) ?? 0) < 0.5) continue;
      if (isKernelThread(facts, subject)) continue;
      const resource = fill({ en: spec.resource, zh: spec.resource }, lang, facts, subject);
      if (resource === null || seen.has(resource)) continue;
      seen.add(resource);
      some.push(useRow(spec, resource, facts, subject, lang, evidence));
    }
    const trouble = (r: UseRow): number =>
      [r.utilization, r.saturation, r.errors].filter((c) => c.state === "bad").length;
    rows.push(...some.sort((a, b) => trouble(b) - trouble(a)).slice(0, MAX_ROWS));
  }
  return rows;
}

function useRow(
  spec: UseSpec,
  resource: string,
  facts: Facts,
  subject: Subject,
  lang: Lang,
  evidence: EvidenceList,
): UseRow {
  const cell = (c: UseCellSpec): UseCell => useCell(c, resource, facts, subject, lang, evidence);
  return {
    resource,
    utilization: cell(spec.utilization),
    saturation: cell(spec.saturation),
    errors: cell(spec.errors),
  };
}

function useCell(
  spec: UseCellSpec,
  resource: string,
  facts: Facts,
  subject: Subject,
  lang: Lang,
  evidence: EvidenceList,
): UseCell {
  const text = fillAll(spec.text, lang, facts, subject, spec.bad).join(", ");
  const bad = spec.bad ? activation(spec.bad, facts, subject) : null;
  if (text === "" || bad === null) {
    const why = spec.missing[lang];
    return { state: "not_measured", text: lang === "zh" ? `未测量：${why}` : `not measured: ${why}` };
  }
  const cell = spec.cite === undefined ? null : decisive(facts, spec.cite, subject, spec.bad ?? [])?.cell ?? null;
  return {
    state: bad >= 0.5 ? "bad" : "ok",
    text,
    ...(cell ? { evidence: evidence.add(`${resource}: ${text}`, cell) } : {}),
  };
}
