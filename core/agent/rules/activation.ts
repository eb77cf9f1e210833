import type { Facts, Reading, Subject } from "./facts.ts";
import type { Term } from "./knowledge.ts";

/** How far all terms hold for a subject, 0–1, or null when that was not measured. The weakest term counts. */
export function activation(terms: readonly Term[], facts: Facts, subject: Subject): number | null {
  let weakest: number | null = 1;
  for (const term of terms) {
    const a = termActivation(term, facts, subject);
    // One that surely does not hold decides, whatever the unknown ones are.
    if (a === 0) return 0;
    if (a === null) weakest = null;
    else if (weakest !== null) weakest = Math.min(weakest, a);
  }
  return weakest;
}

function termActivation(term: Term, facts: Facts, subject: Subject): number | null {
  if (term.any) {
    const known = term.any.map((t) => termActivation(t, facts, subject)).filter((a) => a !== null);
    return known.length === 0 ? null : Math.max(...known);
  }
  if (term.fact === undefined) throw new RangeError("A term of the knowledge has neither fact nor any");
  const readings = facts.read(term.fact, subject);
  if (readings.length === 0) return null;
  const values = readings.map((r) => level(term, r));
  switch (term.over ?? "all") {
    case "any":
      return Math.max(...values);
    case "last":
      return values[values.length - 1];
    case "half":
      return values.sort((a, b) => b - a)[Math.ceil(values.length / 2) - 1];
    case "all":
      return Math.min(...values);
  }
}

function level(term: Term, { value }: Reading): number {
  if (value === null) return 0;
  const text = String(value);
  if (term.has) return term.has.some((w) => text.includes(w)) ? 1 : 0;
  if (term.lacks) return term.lacks.some((w) => text.includes(w)) ? 0 : 1;
  if (typeof value === "string") throw new RangeError(`"${term.fact}" is text: ask with has or lacks`);
  const to = term.to ?? 0;
  const from = term.from ?? to;
  const x = Number(value);
  if (from === to) return x >= to ? 1 : 0;
  return Math.min(1, Math.max(0, (x - from) / (to - from)));
}
