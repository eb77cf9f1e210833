import { ZstdError } from "./zstd_error.ts";

/** Bits of a stream that is read from its end (RFC 8878, 4.1 "FSE"): those past its beginning are zeros. */
export interface BackwardBits {
  /** Bits that are left; below 0 after more were read than there were. */
  left: number;
  /** @param n 0–32 */
  read(n: number): number;
  /** The same without moving. @param n at most 24 */
  peek(n: number): number;
}

/**
 * @param bytes holds the stream
 * @throws {ZstdError} when the last byte, whose highest bit marks the end, is zero
 */
export function backwardBits(bytes: Uint8Array, from: number, to: number): BackwardBits {
  if (to <= from || bytes[to - 1] === 0) throw new ZstdError("a bit stream without its end mark");
  const at = (pos: number, n: number): number => {
    if (n === 0) return 0;
    if (pos < 0) return pos + n <= 0 ? 0 : at(0, n + pos) << -pos;
    const i = from + (pos >>> 3);
    const word = bytes[i] | (i + 1 < to ? bytes[i + 1] << 8 : 0) | (i + 2 < to ? bytes[i + 2] << 16 : 0) |
      (i + 3 < to ? bytes[i + 3] << 24 : 0);
    return word >>> (pos & 7) & (1 << n) - 1;
  };
  return {
    left: (to - from) * 8 - Math.clz32(bytes[to - 1]) + 23,
    read(n) {
      if (n > 24) {
        const high = this.read(n - 16);
        return high * 65536 + this.read(16);
      }
      this.left -= n;
      return at(this.left, n);
    },
    peek(n) {
      return at(this.left - n, n);
    },
  };
}
