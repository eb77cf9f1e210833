import { type AddressForm, printedAddresses } from "./printed_addresses.ts";

/** One field of a tracepoint's record. */
export interface FormatField {
  readonly name: string;
  /** As C writes it, without the name: `char[16]`, `__data_loc char[]`, `unsigned long`. */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** The tracepoint prints it as an address of the network. */
  readonly address?: AddressForm;
}

/** A tracepoint's record. */
export interface Format {
  readonly id: number;
  /** Without the `common_…` fields, which a program cannot read. */
  readonly fields: readonly FormatField[];
}

const FIELD = /^\s*field:(.*?);\s*offset:(\d+);\s*size:(\d+);\s*signed:(\d+);/;

/** Parses `events/CATEGORY/NAME/format` of tracefs (kernel/trace/trace_events.c). Null when it is no such text. */
export function parseFormat(text: string): Format | null {
  const id = /^ID:\s*(\d+)/m.exec(text);
  if (!id) return null;
  const addresses = printedAddresses(text);
  const fields: FormatField[] = [];
  for (const line of text.split("\n")) {
    const m = FIELD.exec(line);
    if (!m) continue;
    const [, declaration, offset, size, signed] = m;
    const d = /^(.*?)(\w+)(\[[^\]]*\])?$/.exec(declaration.trim());
    if (!d || d[2].startsWith("common_")) continue;
    const address = addresses.get(d[2]);
    fields.push({
      name: d[2],
      type: `${d[1].trim()}${d[3] ?? ""}`,
      offset: Number(offset),
      size: Number(size),
      signed: signed === "1",
      ...(address && { address }),
    });
  }
  return { id: Number(id[1]), fields };
}
