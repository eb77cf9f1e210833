import { byteIndex } from "./byte_index.ts";

/** Texts of records by number, each once. Equal bytes are found without decoding them again. */
export interface TextPool {
  readonly texts: readonly string[];
  /** The number of the text in `bytes[from, to)`; with `untilNul` it ends at the first NUL, if there is one. */
  intern(bytes: Uint8Array, from: number, to: number, untilNul: boolean): number;
  /** The number of a text that is decoded (and converted) already. */
  internText(text: string): number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @param convert what is made of a decoded text, once for each distinct one */
export function textPool(convert: (text: string) => string = (text) => text): TextPool {
  const texts: string[] = [];
  const index = byteIndex();
  // Different bytes may decode to the same text, where they are no UTF-8.
  const textOf: number[] = [];
  const numbers = new Map<string, number>();
  const internText = (text: string): number => {
    let number = numbers.get(text);
    if (number === undefined) {
      number = texts.push(text) - 1;
      numbers.set(text, number);
    }
    return number;
  };
  return {
    texts,
    internText,
    intern(bytes, from, limit, untilNul): number {
      let to = limit;
      if (untilNul) { for (to = from; to < limit && bytes[to] !== 0;) to++; }
      const run = index.find(bytes, from, to, true);
      if (run < textOf.length) return textOf[run];
      const number = internText(convert(decoder.decode(bytes.subarray(from, to))));
      textOf.push(number);
      return number;
    },
  };
}
