import { defaultUnit, type Field, type FieldType } from "../../data/mod.ts";
import type { FormatField } from "./parse_format.ts";

/** What a field of a tracepoint's record holds: `located_text` is `__data_loc char[]`, null no single value. */
export function formatKind(f: FormatField): "number" | "text" | "located_text" | null {
  if (f.type.startsWith("__data_loc")) return /\bchar\[\]$/.test(f.type) ? "located_text" : null;
  if (f.type.startsWith("__rel_loc")) return null;
  if (f.type.endsWith("]")) return /^(const )?(unsigned |signed )?char\[/.test(f.type) ? "text" : null;
  return f.size === 1 || f.size === 2 || f.size === 4 || f.size === 8 ? "number" : null;
}

/** A field of a tracepoint's record as the language sees it. */
export function formatField(f: FormatField, name: string = f.name): Field {
  const kind = formatKind(f);
  const type: FieldType = kind === "text" || kind === "located_text"
    ? "string"
    : f.type.includes("*")
    ? "address"
    : f.type === "pid_t"
    ? "tid"
    : f.type === "bool"
    ? "bool"
    : "int";
  const base = { name, type, unit: defaultUnit(type), doc: f.type };
  return type === "int" && !f.signed ? { ...base, unsigned: true } : base;
}
