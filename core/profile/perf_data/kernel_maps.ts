import { type Address, addressOf } from "../../symbols/mod.ts";

/** Where code of the kernel lay when a file was recorded. */
export interface KernelMaps {
  /** `[kernel.kallsyms]`, `[nf_tables]`, …; null when no range holds the address. */
  module(address: Address): string | null;
  /** The name that the recording itself gives: of BPF programs and trampolines. */
  symbol(address: Address): string | null;
  /** @param path as the record has it: `[kernel.kallsyms]_text`, `/lib/modules/…/nf_tables.ko` */
  map(start: Address, length: number, path: string, offset: number): void;
  /** Address of `_text` or `_stext`, by which the image was placed; null when not recorded. */
  readonly text: Address | null;
  ksymbol(start: Address, length: number, name: string, gone: boolean): void;
}

interface Range {
  readonly start: Address;
  readonly end: Address;
  readonly name: string;
}

/** No ranges. */
export function kernelMaps(): KernelMaps {
  const maps: Range[] = [];
  const symbols: Range[] = [];
  let text: Address | null = null;
  const add = (list: Range[], range: Range): void => {
    if (list.length >= MAX_RANGES) return;
    let i = list.length;
    while (i > 0 && list[i - 1].start > range.start) i--;
    if (list[i - 1]?.start === range.start) list[i - 1] = range;
    else list.splice(i, 0, range);
  };
  const find = (list: Range[], address: Address): string | null => {
    let lo = 0;
    let hi = list.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (list[mid].start <= address) lo = mid + 1;
      else hi = mid;
    }
    const range = list[lo - 1];
    return range !== undefined && address < range.end ? range.name : null;
  };
  return {
    module: (address) => find(maps, address),
    symbol: (address) => find(symbols, address),
    get text() {
      return text;
    },
    map: (start, length, path, offset) => {
      // perf puts the address of the symbol behind the name into the offset (tools/perf/util/event.c).
      if (/^\[kernel\.kallsyms\]_s?text$/.test(path)) text = offset;
      // Old versions give a moved kernel a start in the lower half: of the range the kernel's half is what counts.
      const end = start + (length >= 2 ** 63 ? length - 2 ** 64 : length);
      add(maps, { start: start >= 0 && end < 0 ? -(2 ** 63) : start, end, name: moduleName(path) });
    },
    ksymbol: (start, length, name, gone) => {
      // What is unloaded later was there for the samples before it; its place is taken by what is loaded there next.
      if (!gone) add(symbols, { start, end: start + length, name });
    },
  };
}

/** `/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz` is `[nf_tables]`, `[guest.kernel.kallsyms]_text` is the guest's image. */
function moduleName(path: string): string {
  const image = /^(\[[^\]]*\])/.exec(path);
  if (image) return image[1];
  const file = path.slice(path.lastIndexOf("/") + 1);
  const module = /^(.+)\.ko(\.\w+)?$/.exec(file);
  return module ? `[${module[1].replaceAll("-", "_")}]` : path;
}

/** An address as a record holds it. */
export function recordAddress(words: Uint32Array, at: number): Address {
  return addressOf(words[at + 1], words[at]);
}

const MAX_RANGES = 1 << 16;
