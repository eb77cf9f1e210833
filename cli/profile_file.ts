import { type Profile, UsageError } from "../core/data/mod.ts";
import { formatByEnding, formatByName } from "../core/profile/find_format.ts";
import type { ProfileFormat, WriteOptions } from "../core/profile/formats/format.ts";
import { PROFILE_FORMATS } from "../core/profile/profile_formats.ts";
import { packing } from "../core/profile/formats/packing.ts";

/**
 * What a file of this name holds of a profile: the format is that of its ending, or the one that is named; `.gz` or `.zst`
 * behind it packs it.
 *
 * @param format name of a format
 * @throws {UsageError} when there is no such format, it cannot be written, or has no such sample type
 */
export async function profileFile(
  profile: Profile,
  path: string,
  options: WriteOptions = {},
  format?: string,
): Promise<Uint8Array> {
  const { write } = await writableFormat(path, format);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (const part of write!(profile, options)) {
      parts.push(part);
      size += part.length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const types = profile.sampleTypes.map((t, i) => `${i} ${t.name}`).join(", ");
    throw new UsageError(`"${path}": ${error.message}`, `Sample types are: ${types}`);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const pack = /\.gz$/i.test(path) ? "gzip" : /\.zst$/i.test(path) ? "zstd" : null;
  if (pack === null || packing(all) === pack) return all;
  const { gzipSync, zstdCompressSync } = await import("node:zlib");
  return new Uint8Array(pack === "gzip" ? gzipSync(all) : zstdCompressSync(all));
}

/** The format to write a file of this name in. @throws {UsageError} when there is none */
export async function writableFormat(path: string, format?: string): Promise<ProfileFormat> {
  const entry = format === undefined ? formatByEnding(path) : formatByName(format);
  const found = await entry?.load();
  if (found?.write) return found;
  const what = format !== undefined
    ? `There is no format "${format}" that can be written`
    : found
    ? `"${path}": ${found.name} can only be read`
    : `"${path}": the ending names no format of profiles`;
  throw new UsageError(what, `There are ${await writable()}`);
}

async function writable(): Promise<string> {
  const formats = await Promise.all(PROFILE_FORMATS.map((f) => f.load()));
  return formats.filter((f) => f.write).map((f) => `${f.name} (${f.endings[0]})`).join(", ");
}
