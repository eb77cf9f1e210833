import { type FormatField, formatKind } from "../../core/host/mod.ts";
import type { Access } from "../codegen/access.ts";

/** How a field of a tracepoint's record is read; null for arrays of numbers and other things that are no value. */
export function formatAccess(f: FormatField): Access | null {
  switch (formatKind(f)) {
    case "located_text":
      return { kind: "data_loc", offset: f.offset };
    case "text":
      return { kind: "context_text", offset: f.offset, size: f.size };
    case "ip":
      return { kind: "context_ip", offset: f.offset, form: f.address! };
    case "number":
      return { kind: "context", offset: f.offset, width: f.size as 1 | 2 | 4 | 8, signed: f.signed };
    case null:
      return null;
  }
}
