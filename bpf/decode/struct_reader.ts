import type { Batch, Column, Field } from "../../core/data/mod.ts";
import { fieldOf } from "../../core/query/batch_ops.ts";
import { numberColumn } from "../../core/query/columns/number_column.ts";
import { stridedNumbers } from "../../core/query/columns/strided_numbers.ts";
import { textColumn } from "../../core/query/columns/text_column.ts";
import { isUnsigned } from "../codegen/nullable.ts";
import type { NameTable } from "../codegen/access.ts";
import type { Part, Struct } from "../codegen/layout.ts";
import { ipColumn } from "../../core/query/columns/ip_column.ts";
import type { StackReader } from "./stacks.ts";

/** Turns structs that a program wrote into columns. */
export interface StructReader {
  readonly fields: readonly Field[];
  /**
   * Appends a row.
   *
   * @param bytes and the same memory as words
   * @param at byte offset of the struct, a multiple of 4; its tail follows it
   */
  read(bytes: Uint8Array, words: Uint32Array, at: number): void;
  /** The rows so far; starts over. */
  take(): Batch;
}

/** What stands behind the numbers that programs keep. Only those that a struct has are asked. */
export interface Meanings {
  /** The text of a number, null when there is none. */
  name(table: NameTable, n: number): string | null;
  stacks(): StackReader;
  /**
   * The name of the function at an address; the address itself when there is none.
   *
   * @param pid whose code it is; null for the kernel's
   */
  function(pid: number | null, address: number): string;
}

/** For structs that hold nothing of the kind. */
export const NO_MEANINGS: Meanings = {
  name: () => null,
  stacks: () => {
    throw new TypeError("There are no stacks here");
  },
  function: () => {
    throw new TypeError("There are no addresses of code here");
  },
};

interface PartReader {
  /** @returns where the next text of the tail begins */
  read(bytes: Uint8Array, words: Uint32Array, at: number, isNull: boolean, tail: number): number;
  take(): Column;
}

export function structReader(struct: Struct, meanings: Meanings = NO_MEANINGS): StructReader {
  const fields = struct.parts.map((p) => fieldOf(p.name, p.expr.t));
  const numbers = struct.parts.every((p) => p.kind === "number") && !struct.masked && struct.parts.length > 0;
  if (numbers) return numberRows(struct, fields);
  const readers = struct.parts.map((p) => partReader(p, meanings));
  const bits = struct.parts.map((p) => p.nullBit);
  let rows = 0;
  return {
    fields,
    read(bytes, words, at): void {
      let tail = at + struct.bytes;
      for (let i = 0; i < readers.length; i++) {
        const bit = bits[i];
        const isNull = bit !== null && (words[(at >> 2) + (bit >> 5)] >>> (bit & 31) & 1) !== 0;
        tail = readers[i].read(bytes, words, at, isNull, tail);
      }
      rows++;
    },
    take(): Batch {
      const length = rows;
      rows = 0;
      return { length, fields, columns: readers.map((r) => r.take()) };
    },
  };
}

/** Rows of nothing but numbers, which are always there: copied as a whole, taken apart when they are asked for. */
function numberRows(struct: Struct, fields: readonly Field[]): StructReader {
  const width = struct.bytes >> 2;
  let rows = new Uint32Array(256 * width);
  let end = 0;
  const parts = struct.parts.map((p) => ({ off: p.off >> 2, unsigned: isUnsigned(p.expr.t) }));
  return {
    fields,
    read(_bytes, words, at): void {
      if (end === rows.length) {
        const more = new Uint32Array(rows.length * 2);
        more.set(rows);
        rows = more;
      }
      const from = at >> 2;
      for (let i = 0; i < width; i++) rows[end + i] = words[from + i];
      end += width;
    },
    take(): Batch {
      const taken = end;
      end = 0;
      const columns = parts.map((p) => stridedNumbers(rows, p.off, width, taken, p.unsigned));
      return { length: taken / width, fields, columns };
    },
  };
}

function partReader(part: Part, meanings: Meanings): PartReader {
  if (part.kind === "name") return nameReader(part, meanings);
  if (part.kind === "stack") return stackPartReader(part, meanings);
  if (part.kind === "symbol") return symbolReader(part, meanings);
  if (part.kind === "ip") {
    const column = ipColumn();
    return {
      read(bytes, _words, at, isNull, tail): number {
        if (isNull) column.addNull();
        else column.add(bytes, at + part.off);
        return tail;
      },
      take: () => column.take(),
    };
  }
  if (part.kind === "number") {
    const column = numberColumn(isUnsigned(part.expr.t));
    const off = part.off >> 2;
    return {
      read(_bytes, words, at, isNull, tail): number {
        const w = (at >> 2) + off;
        if (isNull) column.addNull();
        else column.add(words[w], words[w + 1]);
        return tail;
      },
      take: () => column.take(),
    };
  }
  const argv = part.expr.op === "call" && part.expr.fn === "argv";
  const column = textColumn(argv ? joinArguments : undefined);
  return {
    read(bytes, words, at, isNull, tail): number {
      if (isNull) {
        column.addNull();
        return tail;
      }
      const inside = part.kind === "text";
      const start = inside ? at + part.off : tail;
      const length = inside ? part.bytes : words[at + part.off >> 2];
      column.add(bytes, start, start + length, !argv);
      return inside ? tail : tail + length;
    },
    take: () => column.take(),
  };
}

/** A text that is known by number: each number is looked up once. */
function nameReader(part: Part, meanings: Meanings): PartReader {
  const known = new Map<number, string | null>();
  const off = part.off >> 2;
  const column = textColumn();
  return {
    read(_bytes, words, at, isNull, tail): number {
      const w = (at >> 2) + off;
      const n = words[w + 1] * 2 ** 32 + words[w];
      let name = isNull ? null : known.get(n);
      if (name === undefined) known.set(n, name = meanings.name(part.table!, n));
      if (name === null) column.addNull();
      else column.addText(name);
      return tail;
    },
    take: () => column.take(),
  };
}

/** Addresses of code, each named once: of the kernel, or of a process, whose number follows. */
function symbolReader(part: Part, meanings: Meanings): PartReader {
  const known = new Map<number, Map<number, string>>();
  const off = part.off >> 2;
  const ofUser = part.bytes > 8;
  const column = textColumn();
  return {
    read(_bytes, words, at, isNull, tail): number {
      if (isNull) {
        column.addNull();
        return tail;
      }
      const w = (at >> 2) + off;
      // As core/symbols has addresses: the signed reading, exact for the kernel's and for processes'.
      const address = (words[w + 1] | 0) * 2 ** 32 + words[w];
      const pid = ofUser ? words[w + 2] : 0;
      let names = known.get(pid);
      if (!names) known.set(pid, names = new Map());
      let name = names.get(address);
      if (name === undefined) {
        names.set(address, name = meanings.function(ofUser ? pid : null, address));
      }
      column.addText(name);
      return tail;
    },
    take: () => column.take(),
  };
}

/** Numbers of the kernel's and the user's frames, and the process. */
function stackPartReader(part: Part, meanings: Meanings): PartReader {
  const off = part.off >> 2;
  let values: unknown[] = [];
  return {
    read(_bytes, words, at, isNull, tail): number {
      const w = (at >> 2) + off;
      values.push(isNull ? null : meanings.stacks().frames(part.stack!, words[w] | 0, words[w + 2] | 0, words[w + 4]));
      return tail;
    },
    take(): Column {
      const column: Column = { kind: "object", values };
      values = [];
      return column;
    },
  };
}

/** Arguments lie behind one another with a NUL after each. */
function joinArguments(text: string): string {
  return text.replace(/\0+$/, "").replaceAll("\0", " ");
}
