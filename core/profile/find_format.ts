import type { ProfileFormat } from "./formats/format.ts";
import { type FormatEntry, PROFILE_FORMATS } from "./profile_formats.ts";

/** The format of this name, or null. */
export function formatByName(name: string): FormatEntry | null {
  return PROFILE_FORMATS.find((f) => f.name === name) ?? null;
}

/**
 * The format that a file's name tells, or null. The longest ending counts (`.speedscope.json` before `.json`); one of
 * compression behind it does not (`.folded.gz`), where the format has none of its own (`.pb.gz`).
 */
export function formatByEnding(path: string): FormatEntry | null {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return longest(name) ?? longest(name.replace(/\.(gz|zst)$/, ""));
}

function longest(name: string): FormatEntry | null {
  let best: FormatEntry | null = null;
  let length = 0;
  for (const format of PROFILE_FORMATS) {
    for (const ending of format.endings) {
      if (ending.length > length && name.endsWith(ending)) {
        best = format;
        length = ending.length;
      }
    }
  }
  return best;
}

/**
 * The format of a file by how it begins, or null. That which its name tells is asked first, so that mostly one format's
 * code is loaded.
 *
 * @param head its first bytes, at most 64 KiB, uncompressed
 * @param path its name, when it has one
 */
export async function sniffFormat(head: Uint8Array, path = ""): Promise<ProfileFormat | null> {
  const named = formatByEnding(path);
  const order = named ? [named, ...PROFILE_FORMATS.filter((f) => f !== named)] : PROFILE_FORMATS;
  for (const entry of order) {
    const format = await entry.load();
    if (format.reader && format.sniff?.(head)) return format;
  }
  return null;
}
