import { LAYOUT, ringCapacity } from "./layout.ts";

/** The one reader of a ring. */
export interface RingReader {
  /** The whole memory. */
  readonly bytes: Uint8Array;
  /** The same, for words. */
  readonly view: DataView;
  /**
   * Hands over the records that are there, oldest first, without copying: they may be overwritten after `visit` of the
   * last one has returned.
   *
   * @param visit gets where in `bytes` a record begins, and its length in bytes
   * @returns number of records
   * @throws {RangeError} when the writer left nonsense
   */
  drain(visit: (at: number, length: number) => void): number;
  /** Records lost so far because the ring was full; exact when asked at least once in 2^32 losses. */
  lost(): number;
  /**
   * Blocks this thread until there is a record; not for the main thread, and over a SharedArrayBuffer only.
   *
   * @param timeoutMs milliseconds
   * @returns whether there is one
   */
  wait(timeoutMs: number): boolean;
}

/** Becomes the reader of a ring. There must be no other. */
export function ringReader(buffer: ArrayBufferLike): RingReader {
  const capacity = ringCapacity(buffer);
  const words = new Int32Array(buffer, 0, LAYOUT.DATA / 4);
  const view = new DataView(buffer);
  const mask = capacity - 1;
  const HEAD = LAYOUT.HEAD / 4;
  const TAIL = LAYOUT.TAIL / 4;
  let tail = Atomics.load(words, TAIL);
  let lost = 0;

  return {
    bytes: new Uint8Array(buffer),
    view,
    drain(visit): number {
      const head = Atomics.load(words, HEAD);
      let count = 0;
      try {
        while (tail !== head) {
          const offset = tail & mask;
          const toEnd = capacity - offset;
          const length = view.getUint32(LAYOUT.DATA + offset, true);
          const padding = length === LAYOUT.PADDING;
          const size = padding ? toEnd : LAYOUT.RECORD_HEADER + Math.ceil(length / 8) * 8;
          // Another program may write here: never believe a length that leads outside.
          if (size > toEnd || size > (head - tail >>> 0)) {
            throw new RangeError(`The ring holds a record of ${length} bytes`);
          }
          tail = tail + size | 0;
          if (padding) continue;
          count++;
          visit(LAYOUT.DATA + offset + LAYOUT.RECORD_HEADER, length);
        }
      } finally {
        Atomics.store(words, TAIL, tail);
      }
      return count;
    },
    lost(): number {
      const now = Atomics.load(words, LAYOUT.LOST / 4) >>> 0;
      lost += now - (lost % 2 ** 32) + (now < lost % 2 ** 32 ? 2 ** 32 : 0);
      return lost;
    },
    wait(timeoutMs): boolean {
      if (Atomics.load(words, HEAD) === tail) Atomics.wait(words, HEAD, tail, timeoutMs);
      return Atomics.load(words, HEAD) !== tail;
    },
  };
}
