import { cellAt, fieldIndex, type Table } from "../../data/mod.ts";
import { formatValue } from "../../render/format_value.ts";
import type { Lang, Observation } from "../driver.ts";
import type { EvidenceList } from "./evidence.ts";

/** Columns that name what a row is about, in the order of preference. */
const NAMES = ["comm", "function", "device", "interface", "path", "cgroup", "pid", "tid"];

/** For results the rules know nothing about: what stands out in each table. Evidence ids. */
export function describeGiven(observations: readonly Observation[], lang: Lang, evidence: EvidenceList): string[] {
  const ids: string[] = [];
  for (const o of observations) {
    if (o.call.tool !== "given" || o.results === null) continue;
    for (const [name, result] of Object.entries(o.results)) {
      const id = result.kind === "table" ? describe(name, result, o, lang, evidence) : null;
      if (id !== null) ids.push(id);
    }
  }
  return ids;
}

function describe(name: string, t: Table, o: Observation, lang: Lang, evidence: EvidenceList): string | null {
  const column = t.fields.findIndex((f) =>
    !["string", "pid", "tid", "stack", "histogram", "ip", "bool"].includes(f.type)
  );
  if (column < 0 || t.length === 0) return null;
  const at = (row: number): number => Number(cellAt(t.columns[column], row) ?? -Infinity);
  let best = 0;
  for (let row = 1; row < t.length; row++) if (at(row) > at(best)) best = row;
  if (!Number.isFinite(at(best))) return null;
  const label = NAMES.map((n) => fieldIndex(t, n)).find((i) => i >= 0);
  const who = label === undefined ? "" : formatValue(cellAt(t.columns[label], best), t.fields[label]);
  const value = formatValue(cellAt(t.columns[column], best), t.fields[column]);
  const field = t.fields[column].name;
  const claim = lang === "zh"
    ? `${name} 中 ${field} 最大的是 ${who || "唯一一行"}：${value}`
    : `${name}: the greatest ${field} is ${value}${who ? ` (${who})` : ""}`;
  return evidence.add(claim, { row: { table: t, result: name, row: best, observation: o }, column });
}
