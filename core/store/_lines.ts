import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { zstdFrames } from "./_zstd_frames.ts";

/** Text longer than this is not read, so that a small file cannot fill the memory. */
const MAX_BYTES = 1 << 30;

/** Whether a file of this name is compressed. */
export function isCompressed(path: string): boolean {
  return path.endsWith(".zst");
}

/** A line as bytes for the file; compressed, each line is a frame of its own, so that a cut file loses one line. */
export function encodeLine(line: string, compressed: boolean): Uint8Array {
  const bytes = new TextEncoder().encode(line + "\n");
  return compressed ? zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }) : bytes;
}

/**
 * The whole lines of a file, without the last one when it was cut.
 *
 * @throws {SyntaxError} when a compressed file is damaged other than at its end
 * @throws {RangeError} when it is too large
 */
export function decodeLines(
  bytes: Uint8Array,
  compressed: boolean,
): { readonly lines: string[]; readonly cut: boolean } {
  const unpacked = compressed ? decompress(bytes) : { bytes, cut: false };
  if (unpacked.bytes.length > MAX_BYTES) throw new RangeError(`the file has more than ${MAX_BYTES} bytes`);
  const lines = new TextDecoder().decode(unpacked.bytes).split("\n");
  const rest = lines.pop() ?? "";
  return { lines: lines.filter((l) => l.trim() !== ""), cut: unpacked.cut || rest !== "" };
}

function decompress(bytes: Uint8Array): { bytes: Uint8Array; cut: boolean } {
  const { frames, truncated } = zstdFrames(bytes);
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const [i, frame] of frames.entries()) {
    let part: Uint8Array;
    try {
      part = zstdDecompressSync(frame, { maxOutputLength: MAX_BYTES - total });
    } catch (error) {
      // After a power cut, blocks that were not written yet read as zeros or old data: that is a cut, too.
      if (i === frames.length - 1 && i > 0) return { bytes: join(parts, total), cut: true };
      throw new SyntaxError(`frame ${i + 1} cannot be decompressed: ${(error as Error).message}`);
    }
    parts.push(part);
    total += part.length;
  }
  return { bytes: join(parts, total), cut: truncated };
}

function join(parts: readonly Uint8Array[], total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
