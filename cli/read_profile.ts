import { type Profile, UsageError } from "../core/data/mod.ts";
import { formatByName, sniffFormat } from "../core/profile/find_format.ts";
import type { ProfileFormat } from "../core/profile/formats/format.ts";
import { PROFILE_FORMATS } from "../core/profile/profile_formats.ts";
import { withProfileSource } from "./profile_source.ts";
import { type Progress, SILENT } from "./progress.ts";

/** How to read a profile. */
export interface ReadProfileOptions {
  /** Name of the format; by default it is found out by how the file begins. */
  readonly format?: string;
  /** Keep when each sample was taken, where the file tells. */
  readonly timeline?: boolean;
  readonly progress?: Progress;
}

/**
 * Reads a profile of any known format, packed by gzip or zstd or not; of a recording of Sonde, the profiles in it.
 *
 * @param path a file; `-` is standard input
 * @throws {UsageError} when it cannot be read, is of no known format, or broken
 */
export async function readProfile(path: string, options: ReadProfileOptions = {}): Promise<Profile> {
  const wanted = options.format === undefined ? null : await readableFormat(options.format);
  return await withProfileSource(path, options.progress ?? SILENT, async ({ name, head, chunks }) => {
    const format = wanted ?? await sniffFormat(head, path);
    if (format !== null) return await readAll(format, chunks, options);
    if (isRecording(head)) return await fromRecording(chunks, path, name);
    throw new UsageError(`${name} is of no format that Sonde knows`, await known());
  });
}

async function readAll(
  format: ProfileFormat,
  chunks: AsyncIterable<Uint8Array>,
  { timeline = false }: ReadProfileOptions,
): Promise<Profile> {
  const reader = format.reader!({ timeline });
  for await (const chunk of chunks) reader.push(chunk);
  return reader.end();
}

async function readableFormat(name: string): Promise<ProfileFormat> {
  const format = await formatByName(name)?.load();
  if (!format?.reader) throw new UsageError(`There is no format "${name}" that can be read`, await known());
  return format;
}

async function known(): Promise<string> {
  const formats = await Promise.all(PROFILE_FORMATS.map((f) => f.load()));
  return `It reads ${formats.filter((f) => f.reader).map((f) => f.name).join(", ")}; --format NAME says which it is`;
}

function isRecording(head: Uint8Array): boolean {
  return /^\s*\{"kind":"sonde_recording"/.test(new TextDecoder().decode(head.subarray(0, 100)));
}

async function fromRecording(chunks: AsyncIterable<Uint8Array>, path: string, name: string): Promise<Profile> {
  const { parseRecording } = await import("../core/store/mod.ts");
  const { mergeProfiles } = await import("../core/data/merge_profiles.ts");
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk.slice());
    size += chunk.length;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const { calls } = await parseRecording(all, path.replace(/\.zst$/, ""));
  const profiles = calls.flatMap((c) => Object.values(c.results ?? {}).filter((r) => r.kind === "profile"));
  if (profiles.length === 0) throw new UsageError(`${name} is a recording without a profile`);
  return profiles.length === 1 ? profiles[0] : mergeProfiles(profiles);
}
