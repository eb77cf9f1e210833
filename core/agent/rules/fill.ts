import { formatValue } from "../../render/format_value.ts";
import type { Lang } from "../driver.ts";
import { activation } from "./activation.ts";
import type { Facts, Reading, Subject } from "./facts.ts";
import type { Template, Term } from "./knowledge.ts";

/** Text from the machine is cut to this, in UTF-16 units: it stands in the middle of a sentence. */
const MAX_TEXT = 120;

/** The newest reading of a fact that has a value. */
export function newest(facts: Facts, fact: string, subject: Subject): Reading | null {
  return facts.read(fact, subject).findLast((r) => r.value !== null) ?? null;
}

/**
 * The reading of a fact that a rule went by: the newest; for a term that looks for something in any (or half) of the
 * windows the one that shows it most, be it an earlier one.
 */
export function decisive(facts: Facts, fact: string, subject: Subject, terms: readonly Term[]): Reading | null {
  const term = terms.flatMap((t) => t.any ?? [t]).find((t) =>
    t.fact === fact && (t.over === "any" || t.over === "half")
  );
  if (term?.to === undefined) return newest(facts, fact, subject);
  const sign = (term.from ?? term.to) <= term.to ? 1 : -1;
  const known = facts.read(fact, subject).filter((r) => typeof r.value === "number");
  return known.reduce<Reading | null>((a, r) => a && sign * Number(a.value) >= sign * Number(r.value) ? a : r, null);
}

/** A template with its places filled in, or null when one of them is not known or its condition does not hold. */
export function fill(
  template: Template,
  lang: Lang,
  facts: Facts,
  subject: Subject,
  terms: readonly Term[] = [],
): string | null {
  if (template.if && (activation(template.if, facts, subject) ?? 0) < 0.5) return null;
  let known = true;
  const text = template[lang].replace(/\{([a-z_]+\.[a-z0-9_]+)\}/g, (_, fact: string) => {
    const reading = decisive(facts, fact, subject, terms);
    if (!reading) known = false;
    return reading ? shown(reading) : "";
  });
  return known ? text : null;
}

/** All templates that can be filled in. */
export function fillAll(
  templates: readonly Template[],
  lang: Lang,
  facts: Facts,
  subject: Subject,
  terms: readonly Term[] = [],
): string[] {
  return templates.map((t) => fill(t, lang, facts, subject, terms)).filter((t) => t !== null);
}

function shown({ value, field }: Reading): string {
  if (typeof value === "string") return formatValue(value.slice(0, MAX_TEXT), field);
  // Derived floats are estimates: three digits say enough.
  if (field.type === "float" && typeof value === "number") return String(Number(value.toPrecision(3)));
  return formatValue(value, field);
}
