import { defaultUnit, type Field, type FieldType } from "../../data/mod.ts";
import type { FormatField } from "./parse_format.ts";
import type { AddressForm } from "./printed_addresses.ts";

/** Bytes that an address of each form takes at least; those of a `sockaddr` hold either family. */
const ADDRESS_BYTES: Readonly<Record<AddressForm, number>> = { ip4: 4, ip6: 16, sockaddr: 28 };

/**
 * What a field of a tracepoint's record holds: `located_text` is `__data_loc char[]`, `ip` an address of the network
 * (of the form that `address` says), null no single value.
 */
export function formatKind(f: FormatField): "number" | "text" | "located_text" | "ip" | null {
  if (f.address && f.size >= ADDRESS_BYTES[f.address] && !/^__(data|rel)_loc/.test(f.type)) return "ip";
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
    : kind === "ip"
    ? "ip"
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
