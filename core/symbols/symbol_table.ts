import type { Address } from "./address.ts";
import { addressIndex } from "./address_index.ts";

/** What an address resolved to. */
export interface SymbolHit {
  readonly name: string;
  readonly start: Address;
  /** Up to here the answer is the same for sure, where that is known. */
  readonly end?: Address;
}

/** A function that was found in a table. */
export interface FoundSymbol extends SymbolHit {
  /** It alone, as frames: the same array for the same answer where it can be. */
  readonly frames: readonly SymbolFrame[];
}

/** What a symbol tells of a function. */
export interface SymbolFrame {
  readonly name: string;
  readonly file: "";
  readonly line: 0;
  readonly isInlined: false;
}

/** Functions by address. */
export interface SymbolTable {
  readonly length: number;
  find(address: Address): FoundSymbol | null;
}

/** Symbols as columns, in any order. */
export interface SymbolColumns {
  readonly length: number;
  readonly starts: Float64Array;
  /** 0 means "up to the next symbol". */
  readonly sizes: Float64Array;
  /** For symbols without a size: where their section ends, which they do not reach over. */
  readonly limits?: Float64Array;
  /** Of aliases with the same address, the highest wins. */
  readonly ranks: Uint8Array;
  nameOf(index: number): string;
}

/** Ranks of aliases, as perf orders them (tools/perf/util/symbol.c, choose_best_symbol): sized, strong, global. */
export function symbolRank(sized: boolean, weak: boolean, global: boolean): number {
  return (sized ? 4 : 0) + (weak ? 0 : 2) + (global ? 1 : 0);
}

/** Whether `a` is the better name of two for the same address with the same rank: fewer underscores, then longer. */
export function betterName(a: string, b: string): boolean {
  const ua = underscores(a);
  const ub = underscores(b);
  return ua !== ub ? ua < ub : a.length > b.length;
}

/** Sorts the columns into a table. */
export function symbolTable(columns: SymbolColumns): SymbolTable {
  const n = columns.length;
  const order = sortedOrder(columns.starts, n);
  const starts = new Float64Array(n);
  for (let i = 0; i < n; i++) starts[i] = columns.starts[order[i]];
  const index = addressIndex(starts, n);
  // Answers by the last of the symbols that start together: most addresses are asked for in functions asked for before.
  const known: (FoundSymbol | undefined)[] = new Array(n);
  return {
    length: n,
    find: (address) => {
      let i = index.find(address);
      const before = known[i];
      if (before !== undefined && address < before.end!) return before;
      // A small symbol may lie inside a larger one (local labels of assembly): look a few symbols back.
      for (let steps = 0; i >= 0 && steps < MAX_NESTED; steps++) {
        const start = starts[i];
        let first = i;
        while (first > 0 && starts[first - 1] === start && i - first < MAX_ALIASES) first--;
        const next = i + 1 < n ? starts[i + 1] : start + MAX_UNSIZED;
        const best = bestOf(columns, order, first, i, address - start, next - start);
        if (best >= 0) {
          // A label in a function is not the function.
          if (columns.sizes[best] === 0) {
            const around = sizedAround(columns, order, starts, first - 1, address);
            if (around) return around;
          }
          if (steps > 0) return found(columns.nameOf(best), start);
          // Of aliases the best depends on where in them the address lies, up to the end of the shortest.
          let end = next;
          for (let alias = first; alias <= i; alias++) {
            const size = columns.sizes[order[alias]];
            end = Math.min(end, size > 0 ? start + size : columns.limits?.[order[alias]] ?? Infinity);
          }
          const hit = found(columns.nameOf(best), start, end);
          if (address < end) known[i] = hit;
          return hit;
        }
        i = first - 1;
      }
      return null;
    },
  };
}

function found(name: string, start: Address, end?: Address): FoundSymbol {
  return { name, start, end, frames: [{ name, file: "", line: 0, isInlined: false }] };
}

/** The sized symbol nearest below index `i` that reaches over the address. */
function sizedAround(
  columns: SymbolColumns,
  order: Uint32Array,
  starts: Float64Array,
  i: number,
  address: number,
): FoundSymbol | null {
  for (let steps = 0; i >= 0 && steps < MAX_NESTED; i--, steps++) {
    const s = order[i];
    if (columns.sizes[s] > address - starts[i]) return found(columns.nameOf(s), starts[i]);
  }
  return null;
}

/** The last index whose value is at most `x`, or -1, in the first `n` ascending values. */
export function lastAtOrBelow(values: Float64Array, n: number, x: number): number {
  let lo = 0;
  let hi = n;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

function bestOf(c: SymbolColumns, order: Uint32Array, first: number, last: number, into: number, gap: number): number {
  let best = -1;
  // Names are cut out only where they decide.
  let bestName: string | null = null;
  for (let i = first; i <= last; i++) {
    const s = order[i];
    const reach = c.sizes[s] > 0 ? c.sizes[s] : Math.min(gap, MAX_UNSIZED, (c.limits?.[s] ?? Infinity) - c.starts[s]);
    if (into >= reach) continue;
    if (best >= 0 && c.ranks[s] < c.ranks[best]) continue;
    if (best < 0 || c.ranks[s] > c.ranks[best]) {
      best = s;
      bestName = null;
      continue;
    }
    const name = c.nameOf(s);
    bestName ??= c.nameOf(best);
    if (betterName(name, bestName)) {
      best = s;
      bestName = name;
    }
  }
  return best;
}

/** Indexes by ascending value. Sorting doubles natively is many times faster than sorting with a comparator. */
function sortedOrder(values: Float64Array, n: number): Uint32Array {
  const order = new Uint32Array(n);
  let max = 0;
  let ascending = true;
  for (let i = 0; i < n; i++) {
    order[i] = i;
    if (values[i] > max) max = values[i];
    if (values[i] < 0 || values[i] !== Math.floor(values[i])) max = Infinity;
    if (i > 0 && values[i] < values[i - 1]) ascending = false;
  }
  if (ascending) return order;
  if ((max + 1) * n > Number.MAX_SAFE_INTEGER) return order.sort((a, b) => values[a] - values[b] || a - b);
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = values[i] * n + i;
  keys.sort();
  for (let i = 0; i < n; i++) order[i] = keys[i] % n;
  return order;
}

function underscores(name: string): number {
  let n = 0;
  while (name.charCodeAt(n) === 95) n++;
  return n;
}

const MAX_NESTED = 8;
const MAX_ALIASES = 64;
/** A symbol without a size is not believed to reach further than this, in bytes. */
const MAX_UNSIZED = 1 << 20;
