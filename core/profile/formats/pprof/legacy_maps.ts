/** A mapped range of a file, as older profiles end with a copy of `/proc/PID/maps`. */
export interface LegacyMaps {
  /** The file that holds the address; empty when none does. */
  moduleOf(address: bigint): string;
}

/** @param text lines as in proc(5), or what gperftools makes of them: `build=/path` and `$build/bin` */
export function parseLegacyMaps(text: string): LegacyMaps {
  const ranges: { start: bigint; end: bigint; path: string }[] = [];
  const names = new Map<string, string>();
  for (const line of text.split("\n")) {
    const name = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (name) names.set(name[1], name[2]);
    const m = LINE.exec(line);
    if (!m || ranges.length >= MAX_RANGES) continue;
    const path = m[3].replace(/^\$(\w+)/, (whole, variable) => names.get(variable) ?? whole);
    ranges.push({ start: BigInt(`0x${m[1]}`), end: BigInt(`0x${m[2]}`), path });
  }
  ranges.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
  return {
    moduleOf: (address) => {
      let lo = 0;
      let hi = ranges.length;
      while (lo < hi) {
        const mid = (lo + hi) >>> 1;
        if (ranges[mid].start <= address) lo = mid + 1;
        else hi = mid;
      }
      const range = ranges[lo - 1];
      return range && address < range.end ? range.path : "";
    },
  };
}

const LINE = /^\s*([0-9a-fA-F]{1,16})-([0-9a-fA-F]{1,16})\s+[r-][w-]x[ps-]?\s+[0-9a-fA-F]+\s+\S+\s+\d+\s*(.*?)\s*$/;
const MAX_RANGES = 100_000;
