import { backwardBits } from "./_bits.ts";
import { fseNext, fseStart, readFseTable } from "./_fse.ts";
import { ZstdError } from "./zstd_error.ts";

/** A Huffman code as a table of all words of its longest code: symbol, and the bits that its code takes. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbol: Uint8Array;
  readonly bits: Uint8Array;
}

const MAX_BITS = 11;

/**
 * Reads the description of a code (RFC 8878, 4.2.1).
 *
 * @returns the table and where the next byte is
 * @throws {ZstdError}
 */
export function readHuffmanTable(bytes: Uint8Array, from: number, to: number): { table: HuffmanTable; next: number } {
  if (from >= to) throw new ZstdError("a Huffman table is cut");
  const head = bytes[from];
  const weights: number[] = [];
  let next: number;
  if (head >= 128) {
    const n = head - 127;
    next = from + 1 + (n + 1 >>> 1);
    if (next > to) throw new ZstdError("a Huffman table is cut");
    for (let i = 0; i < n; i++) {
      const pair = bytes[from + 1 + (i >>> 1)];
      weights.push(i & 1 ? pair & 15 : pair >>> 4);
    }
  } else {
    next = from + 1 + head;
    if (next > to) throw new ZstdError("a Huffman table is cut");
    readWeights(bytes, from + 1, next, weights);
  }
  return { table: build(weights), next };
}

/** Weights come from two states in turn until the bits are used up. */
function readWeights(bytes: Uint8Array, from: number, to: number, weights: number[]): void {
  const { table, next } = readFseTable(bytes, from, to, 6, 255);
  const bits = backwardBits(bytes, next, to);
  let a = fseStart(table, bits);
  let b = fseStart(table, bits);
  for (;;) {
    if (weights.length > 254) throw new ZstdError("a Huffman table of too many symbols");
    weights.push(table.symbol[a]);
    a = fseNext(table, a, bits);
    if (bits.left < 0) {
      weights.push(table.symbol[b]);
      return;
    }
    weights.push(table.symbol[b]);
    b = fseNext(table, b, bits);
    if (bits.left < 0) {
      weights.push(table.symbol[a]);
      return;
    }
  }
}

function build(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const w of weights) {
    if (w > MAX_BITS) throw new ZstdError("a Huffman code of too many bits");
    if (w > 0) sum += 1 << w - 1;
  }
  if (sum === 0) throw new ZstdError("an empty Huffman table");
  const maxBits = 32 - Math.clz32(sum);
  const left = (1 << maxBits) - sum;
  if (maxBits > MAX_BITS || (left & left - 1) !== 0) throw new ZstdError("a Huffman table that is no code");
  // The last symbol takes what is left.
  weights.push(32 - Math.clz32(left));
  if (weights.length > 256) throw new ZstdError("a Huffman table of too many symbols");
  const size = 1 << maxBits;
  const symbol = new Uint8Array(size);
  const bits = new Uint8Array(size);
  let at = 0;
  for (let w = 1; w <= maxBits; w++) {
    for (let s = 0; s < weights.length; s++) {
      if (weights[s] !== w) continue;
      const n = 1 << w - 1;
      symbol.fill(s, at, at + n);
      bits.fill(maxBits + 1 - w, at, at + n);
      at += n;
    }
  }
  return { maxBits, symbol, bits };
}

/** Decodes one stream of literals. @throws {ZstdError} when it does not end where it should */
export function huffmanDecode(
  table: HuffmanTable,
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  start: number,
  end: number,
): void {
  const bits = backwardBits(bytes, from, to);
  const { maxBits, symbol } = table;
  for (let i = start; i < end; i++) {
    const code = bits.peek(maxBits);
    out[i] = symbol[code];
    bits.left -= table.bits[code];
  }
  if (bits.left !== 0) throw new ZstdError("literals that do not use up their bits");
}
