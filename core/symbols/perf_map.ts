import { latestCode } from "./_latest_code.ts";
import type { SymbolHit } from "./symbol_table.ts";

/** Code that a runtime compiled and named (`/tmp/perf-PID.map`; tools/perf/Documentation/jit-interface.txt). */
export interface PerfMap {
  readonly length: number;
  /** Whether there are more entries than are kept: the last ones have no names. */
  readonly isCut: boolean;
  find(address: number): SymbolHit | null;
}

/**
 * Parses lines `START SIZE NAME`, numbers in hexadecimal. Of entries for the same address the last written is meant:
 * a runtime reuses memory. Lines that are something else are skipped; the process may be writing right now.
 *
 * @param bytes must not change afterwards; names are cut out of it when asked for
 * @param maxEntries most entries kept
 */
export function parsePerfMap(bytes: Uint8Array, maxEntries = MAX_ENTRIES): PerfMap {
  const starts: number[] = [];
  const sizes: number[] = [];
  const names: number[] = [];
  // Looked for once each: from every line anew, a file without spaces would be read as often as it has lines.
  let first = -1;
  let at = 0;
  while (at < bytes.length && starts.length < maxEntries) {
    let end = bytes.indexOf(10, at);
    if (end < 0) end = bytes.length;
    if (first < at) {
      first = bytes.indexOf(32, at);
      if (first < 0) first = bytes.length;
    }
    const second = first >= end ? -1 : bytes.indexOf(32, first + 1);
    if (second > 0 && second < end) {
      const start = hexNumber(bytes, at, first);
      const size = hexNumber(bytes, first + 1, second);
      if (start >= 0 && size > 0) {
        starts.push(start);
        sizes.push(size);
        names.push(second + 1);
      }
    }
    at = end + 1;
  }
  const code = latestCode(starts, sizes);
  return {
    length: starts.length,
    isCut: at < bytes.length,
    find: (address) => {
      const best = code.find(address);
      return best < 0 ? null : { name: lineText(bytes, names[best]), start: starts[best] };
    },
  };
}

function hexNumber(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === 48 && (bytes[from + 1] | 32) === 120) from += 2;
  if (from >= to || to - from > 16) return -1;
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = bytes[i] | 32;
    const digit = c >= 48 && c <= 57 ? c - 48 : c >= 97 && c <= 102 ? c - 87 : -1;
    if (digit < 0) return -1;
    n = n * 16 + digit;
  }
  return n;
}

function lineText(bytes: Uint8Array, at: number): string {
  let end = at;
  const limit = Math.min(bytes.length, at + MAX_NAME);
  while (end < limit && bytes[end] !== 10 && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(at, end)).trimEnd();
}

const MAX_ENTRIES = 4_000_000;
const MAX_NAME = 4096;
const decoder = new TextDecoder();
