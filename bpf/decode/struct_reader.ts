import type { Batch, Column, Field } from "../../core/data/mod.ts";
import { fieldOf } from "../../core/query/batch_ops.ts";
import { isUnsigned } from "../codegen/nullable.ts";
import type { Part, Struct } from "../codegen/layout.ts";
import { numberColumn } from "./number_column.ts";
import { type TextPool, textPool } from "./text_pool.ts";

/** Distinct texts of a column that are remembered between batches. */
const MAX_TEXTS = 16_384;

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
  const newPool = (): TextPool => textPool(argv ? joinArguments : undefined);
  let pool = newPool();
  let codes = new Int32Array(256);
  let n = 0;
  return {
    read(bytes, words, at, isNull, tail): number {
      if (n === codes.length) {
        const more = new Int32Array(n * 2);
        more.set(codes);
        codes = more;
      }
      if (isNull) {
        codes[n++] = -1;
        return tail;
      }
      const inside = part.kind === "text";
      const start = inside ? at + part.off : tail;
      const length = inside ? part.bytes : words[at + part.off >> 2];
      codes[n++] = pool.intern(bytes, start, start + length, !argv);
      return inside ? tail : tail + length;
    },
    take(): Column {
      // The pool only appends, so batches may share its list; it starts over before it grows without bounds.
      const column: Column = { kind: "string", codes: codes.slice(0, n), dict: pool.texts };
      if (pool.texts.length > MAX_TEXTS) pool = newPool();
      n = 0;
      return column;
    },
  };
}

/** Arguments lie behind one another with a NUL after each. */
function joinArguments(text: string): string {
  return text.replace(/\0+$/, "").replaceAll("\0", " ");
}
