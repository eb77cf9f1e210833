import { UsageError } from "../core/data/mod.ts";
import { packing } from "../core/profile/formats/packing.ts";
import type { Progress } from "./progress.ts";

/** The bytes of a file of any format, unpacked. */
export interface ProfileSource {
  /** Name for messages. */
  readonly name: string;
  /** How it begins, never empty. */
  readonly head: Uint8Array;
  /** All of it, the head too; a chunk is valid until the next one. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a file, packed by gzip or zstd or not, and hands it on.
 *
 * @param path a file; `-` is standard input
 * @throws {UsageError} when it cannot be read, is empty, or `read` finds it broken (SyntaxError, RangeError)
 */
export async function withProfileSource<T>(
  path: string,
  progress: Progress,
  read: (source: ProfileSource) => Promise<T>,
): Promise<T> {
  const name = path === "-" ? "standard input" : `"${path}"`;
  using file = path === "-" ? null : openFile(path);
  if (file === null && Deno.stdin.isTerminal()) throw new UsageError("Standard input is a terminal", "Name a file");
  const size = file?.statSync().size ?? 0;
  try {
    const raw = withHead(chunksOf(file ?? Deno.stdin, (read) => tell(progress, name, read, size)));
    const packed = packing(await raw.head());
    const source = packed ? withHead(unpacked(raw.all(), packed)) : raw;
    const head = await source.head();
    if (head.length === 0) throw new UsageError(`${name} is empty`);
    return await read({ name, head, chunks: source.all() });
  } catch (error) {
    // What is wrong with a file is told in one line; all else is a fault of ours.
    const broken = error instanceof SyntaxError || error instanceof RangeError || isUnpackError(error);
    if (broken) throw new UsageError(`${name}: ${(error as Error).message}`);
    throw error;
  } finally {
    progress.clear();
  }
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

const CHUNK = 1 << 18;
const HEAD = 1 << 16;
/** Below so many bytes nobody has to wait. */
const SILENT_BELOW = 1 << 25;
