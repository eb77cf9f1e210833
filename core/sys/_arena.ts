import { mmapAnonymous } from "./mapping.ts";

/** 64-bit words of an arena. */
export interface ArenaWords {
  readonly address: bigint;
  set(values: readonly bigint[]): void;
  get(i: number): bigint;
}

/** Memory that stays where it is, handed out from its start: for structs that point to one another. */
export interface Arena {
  /** Words that are zero. */
  words(count: number): ArenaWords;
  /** A copy. @returns its address */
  bytes(bytes: Uint8Array): bigint;
  /** A text as C has it. @throws {TypeError} when it holds a NUL */
  text(text: string): bigint;
  /** A list of texts as C has it: pointers, then a null pointer. */
  pointers(texts: readonly string[]): bigint;
  [Symbol.dispose](): void;
}

/**
 * Maps an arena.
 *
 * @param size bytes, texts and lists of them aside
 * @param texts all that will lie in it
 * @throws {SysError}
 */
export function openArena(size: number, texts: readonly string[]): Arena {
  const forTexts = texts.reduce((sum, text) => sum + text.length * MAX_UTF8 + 32, 64);
  const mapping = mmapAnonymous(size + forTexts);
  let used = 0;
  const take = (bytes: number): number => {
    const at = used;
    used = (at + bytes + 7) & ~7;
    return at;
  };
  const arena: Arena = {
    words: (count) => {
      const at = take(count * 8);
      const words = new BigUint64Array(mapping.buffer, at, count);
      return { address: mapping.address + BigInt(at), set: (values) => words.set(values), get: (i) => words[i] };
    },
    bytes: (bytes) => {
      const at = take(bytes.byteLength);
      mapping.bytes.set(bytes, at);
      return mapping.address + BigInt(at);
    },
    text: (text) => {
      if (text.includes("\0")) throw new TypeError(`A text for a program cannot hold a NUL: ${JSON.stringify(text)}`);
      return arena.bytes(encoder.encode(`${text}\0`));
    },
    pointers: (list) => {
      const pointers = list.map(arena.text);
      const words = arena.words(pointers.length + 1);
      words.set(pointers);
      return words.address;
    },
    [Symbol.dispose]: () => mapping[Symbol.dispose](),
  };
  return arena;
}

const encoder = new TextEncoder();
/** Bytes of UTF-8 that one unit of a JavaScript text can become. */
const MAX_UTF8 = 3;
