import { backwardBits } from "./_bits.ts";
import { fseConstant, fseNext, fseStart, type FseTable, readFseTable } from "./_fse.ts";
import { huffmanDecode, type HuffmanTable, readHuffmanTable } from "./_huffman.ts";
import * as tables from "./_sequence_tables.ts";
import type { ZstdWindow } from "./_window.ts";
import { ZstdError } from "./zstd_error.ts";

/** What one block leaves to the next of its frame. */
export interface BlockState {
  huffman: HuffmanTable | null;
  literals: FseTable | null;
  offsets: FseTable | null;
  matches: FseTable | null;
  readonly repeated: [number, number, number];
}

/** The state that a frame begins with. */
export function blockState(): BlockState {
  return { huffman: null, literals: null, offsets: null, matches: null, repeated: [1, 4, 8] };
}

/** Most bytes that a block stands for. */
export const MAX_BLOCK = 1 << 17;

/** Decodes a compressed block into the window (RFC 8878, 3.1.1.3). @throws {ZstdError} */
export function decodeBlock(bytes: Uint8Array, from: number, to: number, state: BlockState, out: ZstdWindow): void {
  const { literals, next } = readLiterals(bytes, from, to, state);
  let at = next;
  if (at >= to) throw new ZstdError("a block without sequences");
  let count = bytes[at++];
  if (count >= 128) {
    if (at + (count === 255 ? 2 : 1) > to) throw new ZstdError("a block is cut");
    count = count === 255 ? bytes[at++] + (bytes[at++] << 8) + 0x7f00 : (count - 128 << 8) + bytes[at++];
  }
  if (count === 0) return out.literals(literals, 0, literals.length);
  if (at >= to) throw new ZstdError("a block is cut");
  const modes = bytes[at++];
  const table = (mode: number, standard: FseTable, last: FseTable | null, maxLog: number, max: number): FseTable => {
    if (mode === 0) return standard;
    if (mode === 3) {
      if (!last) throw new ZstdError("a table of the block before, which there is none");
      return last;
    }
    if (mode === 1) {
      if (at >= to || bytes[at] > max) throw new ZstdError("a code that there is not");
      return fseConstant(bytes[at++]);
    }
    const read = readFseTable(bytes, at, to, maxLog, max);
    at = read.next;
    return read.table;
  };
  const lengths = state.literals = table(modes >>> 6, tables.DEFAULT_LITERALS, state.literals, 9, 35);
  const offsets = state.offsets = table(modes >>> 4 & 3, tables.DEFAULT_OFFSETS, state.offsets, 8, 31);
  const matches = state.matches = table(modes >>> 2 & 3, tables.DEFAULT_MATCHES, state.matches, 9, 52);

  const bits = backwardBits(bytes, at, to);
  let l = fseStart(lengths, bits);
  let o = fseStart(offsets, bits);
  let m = fseStart(matches, bits);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const code = offsets.symbol[o];
    const value = 2 ** code + bits.read(code);
    const matchCode = matches.symbol[m];
    const match = tables.MATCH_BASE[matchCode] + bits.read(tables.MATCH_BITS[matchCode]);
    const literalCode = lengths.symbol[l];
    const literal = tables.LITERAL_BASE[literalCode] + bits.read(tables.LITERAL_BITS[literalCode]);
    if (used + literal > literals.length) throw new ZstdError("a sequence of more literals than there are");
    out.literals(literals, used, used + literal);
    used += literal;
    out.match(offsetOf(value, literal, state.repeated), match);
    if (i + 1 === count) break;
    l = fseNext(lengths, l, bits);
    m = fseNext(matches, m, bits);
    o = fseNext(offsets, o, bits);
    if (bits.left < 0) throw new ZstdError("sequences are cut");
  }
  if (bits.left !== 0) throw new ZstdError("sequences that do not use up their bits");
  out.literals(literals, used, literals.length);
}

/** The three offsets used last have short codes (3.1.1.5). */
function offsetOf(value: number, literal: number, repeated: [number, number, number]): number {
  const [first, second, third] = repeated;
  if (value > 3) {
    repeated[2] = second;
    repeated[1] = first;
    return repeated[0] = value - 3;
  }
  const which = literal === 0 ? value : value - 1;
  if (which === 0) return first;
  const offset = which === 1 ? second : which === 2 ? third : first - 1;
  if (which > 1) repeated[2] = second;
  repeated[1] = first;
  return repeated[0] = offset;
}

function readLiterals(
  bytes: Uint8Array,
  from: number,
  to: number,
  state: BlockState,
): { literals: Uint8Array; next: number } {
  if (from >= to) throw new ZstdError("an empty block");
  const kind = bytes[from] & 3;
  const format = bytes[from] >>> 2 & 3;
  const byte = (i: number): number => {
    if (from + i >= to) throw new ZstdError("a block is cut");
    return bytes[from + i];
  };
  if (kind < 2) {
    const head = format === 1 ? 2 : format === 3 ? 3 : 1;
    const size = head === 1 ? byte(0) >>> 3 : (byte(0) >>> 4) + (byte(1) << 4) + (head === 3 ? byte(2) << 12 : 0);
    if (size > MAX_BLOCK) throw new ZstdError("more literals than a block may have");
    if (kind === 1) return { literals: new Uint8Array(size).fill(byte(head)), next: from + head + 1 };
    if (from + head + size > to) throw new ZstdError("literals are cut");
    return { literals: bytes.subarray(from + head, from + head + size), next: from + head + size };
  }
  const low = byte(0) + (byte(1) << 8) + (byte(2) << 16);
  let size: number;
  let packed: number;
  let at = from + 3;
  if (format < 2) {
    size = low >>> 4 & 0x3ff;
    packed = low >>> 14;
  } else if (format === 2) {
    size = low >>> 4 & 0x3fff;
    packed = (low >>> 18) + (byte(3) << 6);
    at++;
  } else {
    size = low >>> 4 & 0x3ffff;
    // 18 bits each behind the four of the kind: the second begins in bit 22.
    packed = (low >>> 22 & 3) + (byte(3) << 2) + (byte(4) << 10);
    at += 2;
  }
  const end = at + packed;
  if (end > to || size > MAX_BLOCK) throw new ZstdError("literals are cut");
  if (kind === 2) {
    const read = readHuffmanTable(bytes, at, end);
    state.huffman = read.table;
    at = read.next;
  }
  const { huffman } = state;
  if (!huffman) throw new ZstdError("a Huffman table of the block before, which there is none");
  const literals = new Uint8Array(size);
  if (format === 0) {
    huffmanDecode(huffman, bytes, at, end, literals, 0, size);
    return { literals, next: end };
  }
  if (at + 6 > end) throw new ZstdError("literals are cut");
  const each = size + 3 >>> 2;
  if (each * 3 > size) throw new ZstdError("too few literals for four streams");
  let start = at + 6;
  for (let i = 0; i < 4; i++) {
    const stop = i === 3 ? end : start + bytes[at + i * 2] + (bytes[at + i * 2 + 1] << 8);
    if (stop > end) throw new ZstdError("literals are cut");
    huffmanDecode(huffman, bytes, start, stop, literals, i * each, i === 3 ? size : (i + 1) * each);
    start = stop;
  }
  return { literals, next: end };
}
