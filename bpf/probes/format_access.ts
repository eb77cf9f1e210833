import { defaultUnit, type Field, type FieldType } from "../../core/data/mod.ts";
import type { Access } from "../codegen/access.ts";
import type { FormatField } from "./parse_format.ts";

/** How a field of a tracepoint's record is read; null for arrays of numbers and other things that are no value. */
export function formatAccess(f: FormatField): Access | null {
  if (f.type.startsWith("__data_loc")) {
    return /\bchar\[\]$/.test(f.type) ? { kind: "data_loc", offset: f.offset } : null;
  }
  if (f.type.startsWith("__rel_loc")) return null;
  if (f.type.endsWith("]")) {
    return /^(const )?(unsigned |signed )?char\[/.test(f.type)
      ? { kind: "context_text", offset: f.offset, size: f.size }
      : null;
  }
  const width = f.size;
  if (width !== 1 && width !== 2 && width !== 4 && width !== 8) return null;
  return { kind: "context", offset: f.offset, width, signed: f.signed };
}

/** The field as the language sees it. */
export function formatField(f: FormatField, name = f.name): Field {
  const access = formatAccess(f);
  const text = access?.kind === "data_loc" || access?.kind === "context_text";
  const type: FieldType = text
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
