import { type BlockState, blockState, decodeBlock, MAX_BLOCK } from "./_block.ts";
import { type ZstdWindow, zstdWindow } from "./_window.ts";
import { ZstdError } from "./zstd_error.ts";

/** Takes a Zstandard stream in pieces of any size. */
export interface ZstdStream {
  /** @throws {ZstdError} when the stream is broken here; nothing more can be read then */
  push(bytes: Uint8Array): void;
  /** Whether the stream may end here: no block has begun that is not whole. */
  readonly atBoundary: boolean;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
/** As zstd itself: frames that need more memory are refused. */
const MAX_WINDOW = 1 << 27;

/**
 * Decodes Zstandard (RFC 8878) while it comes, in memory of the frame's window. The runtime's own decoder takes whole
 * frames or works asynchronously; perf's records are pieces of one frame that may never end. Checksums are passed over,
 * dictionaries are refused.
 *
 * Why not a library: fzstd 0.1.1, the one that decodes pieces synchronously, reads every recording that this does, but
 * damaged ones need not end. Huffman weights whose code reads no bits send it into an endless loop (a test has the 21
 * bytes); it moves the whole window for every block (2,000 blocks of one byte in a window of 128 MiB: 24 s, here 7 ms); it
 * takes memory for windows of up to 2 GiB, of any frame in the stream; and a block larger than its window is a RangeError.
 *
 * @param emit takes what was decoded, block by block; valid during the call
 */
export function zstdStream(emit: (bytes: Uint8Array) => void): ZstdStream {
  let held: Uint8Array = new Uint8Array(0);
  let skip = 0;
  let frame: { window: ZstdWindow; state: BlockState; checksum: boolean } | null = null;

  /** Bytes that the next step took, or 0 when it needs more. */
  const step = (b: Uint8Array, at: number): number => {
    const left = b.length - at;
    if (skip > 0) {
      const n = Math.min(skip, left);
      skip -= n;
      return n;
    }
    if (!frame) {
      if (left < 4) return 0;
      const magic = u32(b, at);
      if ((magic & ~15) >>> 0 === SKIPPABLE) {
        if (left < 8) return 0;
        skip = u32(b, at + 4);
        return 8;
      }
      if (magic !== MAGIC) throw new ZstdError("no Zstandard frame begins here");
      if (left < 5) return 0;
      const head = b[at + 4];
      const single = (head & 32) !== 0;
      const size = [single ? 1 : 0, 2, 4, 8][head >>> 6];
      const dictionary = [0, 1, 2, 4][head & 3];
      const length = 5 + (single ? 0 : 1) + dictionary + size;
      if (left < length) return 0;
      if (dictionary > 0 || (head & 8) !== 0) {
        throw new ZstdError("a frame that needs a dictionary, or what we do not know");
      }
      const contents = size === 1 ? b[at + 5] : size === 0 ? 0 : u32(b, at + length - size) % 2 ** (size * 8) +
        (size === 8 ? u32(b, at + length - 4) * 2 ** 32 : 0);
      const exponent = b[at + 5] >>> 3;
      const window = single ? contents : 2 ** (10 + exponent) * (1 + (b[at + 5] & 7) / 8);
      if (window > MAX_WINDOW) throw new ZstdError(`a window of ${window} bytes: at most ${MAX_WINDOW} are served`);
      frame = { window: zstdWindow(window), state: blockState(), checksum: (head & 4) !== 0 };
      return length;
    }
    if (left < 3) return 0;
    const head = b[at] | b[at + 1] << 8 | b[at + 2] << 16;
    const kind = head >>> 1 & 3;
    const size = head >>> 3;
    if (kind === 3 || size > MAX_BLOCK) throw new ZstdError("a block of no kind that there is");
    const length = kind === 1 ? 1 : size;
    const tail = (head & 1) === 1 && frame.checksum ? 4 : 0;
    if (left < 3 + length + tail) return 0;
    if (kind === 2) decodeBlock(b, at + 3, at + 3 + length, frame.state, frame.window);
    else if (kind === 0) frame.window.literals(b, at + 3, at + 3 + length);
    else frame.window.literals(new Uint8Array(size).fill(b[at + 3]), 0, size);
    emit(frame.window.take());
    if ((head & 1) === 1) frame = null;
    return 3 + length + tail;
  };

  return {
    push: (bytes) => {
      let b = bytes;
      if (held.length > 0) {
        b = new Uint8Array(held.length + bytes.length);
        b.set(held);
        b.set(bytes, held.length);
      }
      let at = 0;
      for (;;) {
        const n = at < b.length ? step(b, at) : 0;
        if (n === 0) break;
        at += n;
      }
      held = b.slice(at);
    },
    get atBoundary() {
      return held.length === 0 && skip === 0;
    },
  };
}

function u32(b: Uint8Array, at: number): number {
  return (b[at] | b[at + 1] << 8 | b[at + 2] << 16 | b[at + 3] << 24) >>> 0;
}
