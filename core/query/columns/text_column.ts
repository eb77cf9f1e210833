import type { Column } from "../../data/mod.ts";
import { type TextPool, textPool } from "./text_pool.ts";

/** Collects texts that lie in records, each distinct one decoded once. */
export interface TextColumnBuilder {
  /** The text in `bytes[from, to)`; with `untilNul` it ends at the first NUL, if there is one. */
  add(bytes: Uint8Array, from: number, to: number, untilNul: boolean): void;
  /** A text that is decoded already. */
  addText(text: string): void;
  addNull(): void;
  /** The column so far; starts over. */
  take(): Column;
}

/** Distinct texts of a column that are remembered between batches. */
const MAX_TEXTS = 16_384;

/** @param convert what is made of a decoded text, once for each distinct one */
export function textColumn(convert?: (text: string) => string): TextColumnBuilder {
  let pool: TextPool = textPool(convert);
  let codes = new Int32Array(256);
  let n = 0;
  const push = (code: number): void => {
    if (n === codes.length) {
      const more = new Int32Array(n * 2);
      more.set(codes);
      codes = more;
    }
    codes[n++] = code;
  };
  return {
    add: (bytes, from, to, untilNul) => push(pool.intern(bytes, from, to, untilNul)),
    addText: (text) => push(pool.internText(text)),
    addNull: () => push(-1),
    take(): Column {
      // The pool only appends, so batches may share its list; it starts over before it grows without bounds.
      const column: Column = { kind: "string", codes: codes.slice(0, n), dict: pool.texts };
      if (pool.texts.length > MAX_TEXTS) pool = textPool(convert);
      n = 0;
      return column;
    },
  };
}
