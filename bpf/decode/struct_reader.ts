import type { Batch, Column, Field } from "../../core/data/mod.ts";
import { fieldOf } from "../../core/query/batch_ops.ts";
import { numberColumn } from "../../core/query/columns/number_column.ts";
import { textColumn } from "../../core/query/columns/text_column.ts";
import { isUnsigned } from "../codegen/nullable.ts";
import type { Part, Struct } from "../codegen/layout.ts";

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

interface PartReader {
  /** @returns where the next text of the tail begins */
  read(bytes: Uint8Array, words: Uint32Array, at: number, isNull: boolean, tail: number): number;
  take(): Column;
}

export function structReader(struct: Struct): StructReader {
  const fields = struct.parts.map((p) => fieldOf(p.name, p.expr.t));
  const readers = struct.parts.map(partReader);
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

function partReader(part: Part): PartReader {
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

/** Arguments lie behind one another with a NUL after each. */
function joinArguments(text: string): string {
  return text.replace(/\0+$/, "").replaceAll("\0", " ");
}
