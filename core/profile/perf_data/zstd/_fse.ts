import type { BackwardBits } from "./_bits.ts";
import { ZstdError } from "./zstd_error.ts";

/** A table of finite state entropy: what each state stands for and how the next one is found. */
export interface FseTable {
  /** log2 of the number of states. */
  readonly log: number;
  readonly symbol: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** The state that a stream begins with. */
export function fseStart(table: FseTable, bits: BackwardBits): number {
  return bits.read(table.log);
}

/** The next state. */
export function fseNext(table: FseTable, state: number, bits: BackwardBits): number {
  return table.base[state] + bits.read(table.bits[state]);
}

/** A table of one state: always the same symbol. */
export function fseConstant(symbol: number): FseTable {
  return { log: 0, symbol: Uint8Array.of(symbol), bits: Uint8Array.of(0), base: Uint16Array.of(0) };
}

/** The table of a distribution (RFC 8878, 4.1.1). @param counts -1 is "less than one" */
export function fseTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const symbol = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size - 1;
  for (let s = 0; s < counts.length; s++) {
    next[s] = counts[s] === -1 ? 1 : counts[s];
    if (counts[s] === -1) symbol[high--] = s;
  }
  const step = (size >>> 1) + (size >>> 3) + 3;
  let at = 0;
  for (let s = 0; s < counts.length; s++) {
    for (let i = 0; i < counts[s]; i++) {
      symbol[at] = s;
      do at = (at + step) & (size - 1); while (at > high);
    }
  }
  if (at !== 0) throw new ZstdError("a distribution that does not fill its table");
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    const n = next[symbol[i]]++;
    bits[i] = log - (31 - Math.clz32(n));
    base[i] = (n << bits[i]) - size;
  }
  return { log, symbol, bits, base };
}

/**
 * Reads a distribution and makes its table.
 *
 * @returns the table and where the next byte is
 * @throws {ZstdError}
 */
export function readFseTable(
  bytes: Uint8Array,
  from: number,
  to: number,
  maxLog: number,
  maxSymbol: number,
): { table: FseTable; next: number } {
  let pos = from * 8;
  const end = to * 8;
  const read = (n: number): number => {
    let value = 0;
    for (let i = 0; i < n; i++, pos++) {
      if (pos < end && bytes[pos >>> 3] >>> (pos & 7) & 1) value |= 1 << i;
    }
    return value;
  };
  const log = read(4) + 5;
  if (log > maxLog) throw new ZstdError(`a table of 2^${log} states`);
  const counts: number[] = [];
  let remaining = 1 << log;
  while (remaining > 0) {
    if (counts.length > maxSymbol) throw new ZstdError("a distribution of too many symbols");
    const n = 32 - Math.clz32(remaining + 1);
    let value = read(n);
    const low = (1 << n - 1) - 1;
    const threshold = (1 << n) - 1 - (remaining + 1);
    if ((value & low) < threshold) {
      pos--;
      value &= low;
    } else if (value > low) value -= threshold;
    const count = value - 1;
    counts.push(count);
    remaining -= Math.abs(count);
    if (count !== 0) continue;
    for (let more = 3; more === 3;) {
      more = read(2);
      for (let i = 0; i < more; i++) counts.push(0);
      if (counts.length > maxSymbol + 1) throw new ZstdError("a distribution of too many symbols");
    }
  }
  if (remaining < 0 || pos > end || counts.length > maxSymbol + 1) throw new ZstdError("a broken distribution");
  return { table: fseTable(counts, log), next: pos + 7 >>> 3 };
}
