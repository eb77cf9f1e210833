import { type Profile, UsageError } from "../core/data/mod.ts";
import { formatByName, sniffFormat } from "../core/profile/find_format.ts";
import type { ProfileFormat } from "../core/profile/formats/format.ts";
import { PROFILE_FORMATS } from "../core/profile/profile_formats.ts";
import { packing } from "../core/profile/formats/packing.ts";
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
  const name = path === "-" ? "standard input" : `"${path}"`;
  const wanted = options.format === undefined ? null : await readableFormat(options.format);
  using file = path === "-" ? null : openFile(path);
  if (file === null && Deno.stdin.isTerminal()) throw new UsageError("Standard input is a terminal", "Name a file");
  const progress = options.progress ?? SILENT;
  const size = file?.statSync().size ?? 0;
  try {
    const raw = withHead(chunksOf(file ?? Deno.stdin, (read) => tell(progress, name, read, size)));
    const packed = packing(await raw.head());
    const source = packed ? withHead(unpacked(raw.all(), packed)) : raw;
    const head = await source.head();
    if (head.length === 0) throw new UsageError(`${name} is empty`);
    const format = wanted ?? await sniffFormat(head, path);
    if (format === null) {
      if (isRecording(head)) return await fromRecording(source.all(), path, name);
      throw new UsageError(`${name} is of no format that Sonde knows`, await known());
    }
    return await readAll(format, source.all(), options);
  } catch (error) {
    // What is wrong with a file is told in one line; all else is a fault of ours.
    const broken = error instanceof SyntaxError || error instanceof RangeError || isUnpackError(error);
    if (broken) throw new UsageError(`${name}: ${(error as Error).message}`);
    throw error;
  } finally {
    progress.clear();
  }
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

function openFile(path: string): Deno.FsFile {
  try {
    const file = Deno.openSync(path);
    if (!file.statSync().isDirectory) return file;
    file.close();
    throw new Error("it is a directory");
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`);
  }
}

/** A file's bytes, in one buffer that is used again: a new one each would be garbage by the gigabyte. */
async function* chunksOf(
  file: { read(into: Uint8Array): Promise<number | null> },
  tell: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  let all = 0;
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    yield buffer.subarray(0, n);
    all += n;
    tell(all);
  }
}

function tell(progress: Progress, name: string, read: number, size: number): void {
  if (read < SILENT_BELOW) return;
  const share = size > 0 ? `, ${Math.floor(Math.min(1, read / size) * 100)} %` : "";
  progress.show(`reading ${name}: ${read >> 20} MiB${share}`);
}

/** A source of bytes of which the first can be looked at before. */
function withHead(
  chunks: AsyncGenerator<Uint8Array>,
): { head(): Promise<Uint8Array>; all(): AsyncGenerator<Uint8Array> } {
  const kept: Uint8Array[] = [];
  return {
    head: async () => {
      let size = kept.reduce((n, c) => n + c.length, 0);
      while (size < HEAD) {
        const { value, done } = await chunks.next();
        if (done) break;
        kept.push(value.slice());
        size += value.length;
      }
      const head = new Uint8Array(size);
      let at = 0;
      for (const chunk of kept) {
        head.set(chunk, at);
        at += chunk.length;
      }
      return head.subarray(0, HEAD);
    },
    all: async function* () {
      yield* kept;
      kept.length = 0;
      yield* chunks;
    },
  };
}

async function* unpacked(chunks: AsyncIterable<Uint8Array>, how: "gzip" | "zstd"): AsyncGenerator<Uint8Array> {
  const { createGunzip, createZstdDecompress } = await import("node:zlib");
  const { pipeline, Readable } = await import("node:stream");
  const copies = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) yield chunk.slice();
  };
  const out = how === "gzip" ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  // The error comes out of the loop below as well.
  pipeline(Readable.from(copies(), { objectMode: true, highWaterMark: 1 }), out, () => {});
  for await (const chunk of out) yield chunk as Uint8Array;
}

function isUnpackError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === "string" && /^(Z_|ZSTD_|ERR_BUFFER|ERR_ZLIB)/.test(code);
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

const CHUNK = 1 << 18;
const HEAD = 1 << 16;
/** Below so many bytes nobody has to wait. */
const SILENT_BELOW = 1 << 25;
