import { MAX_BLOCK } from "./_block.ts";
import { ZstdError } from "./zstd_error.ts";

/** What was decoded last, as far as later blocks may copy from it. */
export interface ZstdWindow {
  literals(from: Uint8Array, start: number, end: number): void;
  /** Repeats what lies `offset` bytes back. @throws {ZstdError} when that is before the frame or its window */
  match(offset: number, length: number): void;
  /** The bytes since the last call; valid until the next block. */
  take(): Uint8Array;
}

/** @param size of the window in bytes. Memory grows with what is decoded, up to that and a few blocks. */
export function zstdWindow(size: number): ZstdWindow {
  const most = size + MAX_BLOCK * 4;
  let bytes = new Uint8Array(Math.min(most, 1 << 19));
  let end = 0;
  let taken = 0;

  const room = (n: number): void => {
    if (end + n - taken > MAX_BLOCK) throw new ZstdError("a block of more than 128 KiB");
    if (end + n <= bytes.length) return;
    if (bytes.length < most) {
      const larger = new Uint8Array(Math.min(most, bytes.length * 2));
      larger.set(bytes.subarray(0, end));
      bytes = larger;
    }
    if (end + n <= bytes.length) return;
    const keep = Math.min(taken, Math.max(0, end - size - MAX_BLOCK));
    bytes.copyWithin(0, keep, end);
    end -= keep;
    taken -= keep;
  };
  return {
    literals: (from, start, stop) => {
      const n = stop - start;
      room(n);
      if (n > 32) bytes.set(from.subarray(start, stop), end);
      else for (let i = 0; i < n; i++) bytes[end + i] = from[start + i];
      end += n;
    },
    match: (offset, length) => {
      room(length);
      if (!(offset >= 1 && offset <= end && offset <= size + MAX_BLOCK)) {
        throw new ZstdError("a copy from before the window");
      }
      if (offset >= length && length > 32) bytes.copyWithin(end, end - offset, end - offset + length);
      else for (let i = 0; i < length; i++) bytes[end + i] = bytes[end + i - offset];
      end += length;
    },
    take: () => {
      const out = bytes.subarray(taken, end);
      taken = end;
      return out;
    },
  };
}
