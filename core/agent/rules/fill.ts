import { formatValue } from "../../render/format_value.ts";
import type { Lang } from "../driver.ts";
import { activation } from "./activation.ts";
import type { Facts, Reading, Subject } from "./facts.ts";
import type { Template } from "./knowledge.ts";

/** Text from the machine is cut to this, in UTF-16 units: it stands in the middle of a sentence. */
const MAX_TEXT = 120;

/** The newest reading of a fact that has a value. */
export function newest(facts: Facts, fact: string, subject: Subject): Reading | null {
  return facts.read(fact, subject).findLast((r) => r.value !== null) ?? null;
}

/** A template with its places filled in, or null when one of them is not known or its condition does not hold. */
export function fill(template: Template, lang: Lang, facts: Facts, subject: Subject): string | null {
  if (template.if && (activation(template.if, facts, subject) ?? 0) < 0.5) return null;
  let known = true;
  const text = template[lang].replace(/\{([a-z_]+\.[a-z0-9_]+)\}/g, (_, fact: string) => {
    const reading = newest(facts, fact, subject);
    if (!reading) known = false;
    return reading ? shown(reading) : "";
  });
  return known ? text : null;
}

/** All templates that can be filled in. */
export function fillAll(templates: readonly Template[], lang: Lang, facts: Facts, subject: Subject): string[] {
  return templates.map((t) => fill(t, lang, facts, subject)).filter((t) => t !== null);
}

function shown({ value, field }: Reading): string {
  if (typeof value === "string") return formatValue(value.slice(0, MAX_TEXT), field);
  // Derived floats are estimates: three digits say enough.
  if (field.type === "float" && typeof value === "number") return String(Number(value.toPrecision(3)));
  return formatValue(value, field);
}
