/** Data lies at most so far behind the symbol that it belongs to; beyond, it is something else. */
const MOST_BYTES = 65_536n;
/** Shortest line: an address, a type, a name of one letter. */
const MIN_LINE = 20;
/** Symbols from which on all data is taken to be there. */
const MANY = 1000;
const [TAB, NEWLINE, SPACE] = [9, 10, 32];

/**
 * Names of the kernel's own data, of what lies in its image and in modules: kernels without CONFIG_KALLSYMS_ALL have next to
 * none of them, and there only what begins at the address is named.
 *
 * @param kallsyms `/proc/kallsyms`: lines `ADDRESS TYPE NAME[\t[MODULE]]`
 * @param addresses exact ones
 * @returns names by address: `cgroup_mutex`, `tcp_hashinfo+0x40`; what is not known is left out
 */
export function kernelDataNames(kallsyms: Uint8Array, addresses: Iterable<bigint>): Map<bigint, string> {
  const sorted = BigUint64Array.from(new Set(addresses)).sort();
  let known = 0;
  const best = new Map<bigint, { start: bigint; at: number }>();
  for (let at = 0; sorted.length > 0 && at + MIN_LINE <= kallsyms.length;) {
    // b, d, r: zeroed, written, constant data.
    if ("bdrBDR".includes(String.fromCharCode(kallsyms[at + 17])) && kallsyms[at + 16] === SPACE) {
      known++;
      const start = BigInt(`0x${decoder.decode(kallsyms.subarray(at, at + 16)).replace(/[^0-9a-f]/g, "0")}`);
      for (let i = firstFrom(sorted, start); i < sorted.length && sorted[i] - start < MOST_BYTES; i++) {
        const other = best.get(sorted[i]);
        if (!other || start > other.start) best.set(sorted[i], { start, at: at + 19 });
      }
    }
    const next = kallsyms.indexOf(NEWLINE, at + 19);
    if (next < 0) break;
    at = next + 1;
  }
  const names = new Map<bigint, string>();
  for (const [address, { start, at }] of best) {
    // Where few have names, the nearest one may be of something else.
    if (address !== start && known < MANY) continue;
    let end = at;
    while (end < kallsyms.length && kallsyms[end] !== NEWLINE && kallsyms[end] !== TAB) end++;
    const name = decoder.decode(kallsyms.subarray(at, end));
    names.set(address, address === start ? name : `${name}+0x${(address - start).toString(16)}`);
  }
  return names;
}

/** Index of the first that is not below. */
function firstFrom(sorted: BigUint64Array, value: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const decoder = new TextDecoder();
