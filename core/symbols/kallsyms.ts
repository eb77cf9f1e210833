import { type Address, addressOf } from "./address.ts";
import { betterName, lastAtOrBelow } from "./symbol_table.ts";

/** A function of the kernel. */
export interface KernelSymbol {
  readonly name: string;
  /** `[kernel.kallsyms]`, a module as `[nf_tables]`, or `[bpf]`. */
  readonly module: string;
  readonly start: Address;
}

/** The kernel's own symbol table. */
export interface Kallsyms {
  readonly length: number;
  /** True when all addresses are zero: kernel.kptr_restrict hides them, or CAP_SYSLOG is missing. */
  readonly hidden: boolean;
  find(address: Address): KernelSymbol | null;
}

/**
 * Parses `/proc/kallsyms`: lines `ADDRESS TYPE NAME[\t[MODULE]]` (kernel/kallsyms.c, s_show). Only code is kept (types
 * t, T, w, W). The bytes are kept too: names are cut out of them when asked for.
 *
 * @param bytes the file as read; must not change afterwards
 */
export function parseKallsyms(bytes: Uint8Array): Kallsyms {
  let starts = new Float64Array(1 << 17);
  let names = new Uint32Array(1 << 17);
  let n = 0;
  let zero = 0;
  const end = bytes.length - MIN_LINE;
  for (let at = 0; at <= end;) {
    // Addresses always have 16 digits (%px): the type stands at a fixed place. t, T, w, W: text, and weak, which in a
    // linked kernel is text too.
    const type = bytes[at + 17] | 32;
    if ((type === 116 || type === 119) && bytes[at + 16] === 32 && bytes[at + 18] === 32) {
      const hi = hex8(bytes, at);
      const lo = hex8(bytes, at + 8);
      if (hi === 0 && lo === 0) zero++;
      else {
        if (n === starts.length) {
          starts = grow(starts, new Float64Array(n * 2));
          names = grow(names, new Uint32Array(n * 2));
        }
        starts[n] = addressOf(hi, lo);
        names[n++] = at + 19;
      }
    }
    at += 19;
    while (at < bytes.length && bytes[at] !== 10) at++;
    at++;
  }
  // The image's own symbols come sorted; those of modules and BPF programs follow in order of loading.
  sortTail(starts, names, n);
  return { length: n, hidden: n === 0 && zero > 0, find: (address) => find(bytes, starts, names, n, address) };
}

function find(bytes: Uint8Array, starts: Float64Array, names: Uint32Array, n: number, a: Address): KernelSymbol | null {
  let i = lastAtOrBelow(starts, n, a);
  if (i < 0 || a - starts[i] > MAX_FUNCTION) return null;
  const start = starts[i];
  let best = symbolAt(bytes, names[i], start);
  for (i--; i >= 0 && starts[i] === start; i--) {
    const other = symbolAt(bytes, names[i], start);
    if (better(other.name, best.name)) best = other;
  }
  return END_MARKS.has(best.name) ? null : best;
}

function better(a: string, b: string): boolean {
  if (END_MARKS.has(a)) return false;
  return END_MARKS.has(b) || betterName(a, b);
}

function symbolAt(bytes: Uint8Array, at: number, start: Address): KernelSymbol {
  let end = at;
  while (end < bytes.length && bytes[end] !== 10 && bytes[end] !== 9) end++;
  const name = decoder.decode(bytes.subarray(at, end));
  if (bytes[end] !== 9) return { name, module: KERNEL_MODULE, start };
  let stop = end + 1;
  while (stop < bytes.length && bytes[stop] !== 10) stop++;
  return { name, module: decoder.decode(bytes.subarray(end + 1, stop)), start };
}

/** Eight digits, trusted to be hexadecimal: each is its low four bits, plus 9 for letters. */
function hex8(bytes: Uint8Array, at: number): number {
  let n = 0;
  for (let i = at; i < at + 8; i++) {
    const c = bytes[i];
    n = (n << 4) | ((c & 15) + (c >>> 6) * 9);
  }
  return n >>> 0;
}

function sortTail(starts: Float64Array, names: Uint32Array, n: number): void {
  let sorted = 1;
  while (sorted < n && starts[sorted] >= starts[sorted - 1]) sorted++;
  if (sorted >= n) return;
  // Everything from the first symbol that lies above the tail's lowest must move.
  let low = Infinity;
  for (let i = sorted; i < n; i++) low = Math.min(low, starts[i]);
  const from = lastAtOrBelow(starts, sorted, low) + 1;
  const order = Array.from({ length: n - from }, (_, i) => from + i);
  order.sort((a, b) => starts[a] - starts[b] || a - b);
  const movedStarts = order.map((i) => starts[i]);
  const movedNames = order.map((i) => names[i]);
  starts.set(movedStarts, from);
  names.set(movedNames, from);
}

function grow<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

/** Name of the module of the kernel's own image, as perf writes it. */
export const KERNEL_MODULE = "[kernel.kallsyms]";

/** Labels behind the last function of a section: what lies there is not known. */
const END_MARKS = new Set(["_etext", "_einittext", "__entry_text_end", "_text_end", "__init_end"]);
/** 16 digits, a space, the type, a space, and a name of one letter. */
const MIN_LINE = 20;
/** No function of the kernel is longer, in bytes: further away lies something without a symbol. */
const MAX_FUNCTION = 1 << 20;
const decoder = new TextDecoder();
