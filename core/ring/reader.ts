import { ringCursor } from "./_cursor.ts";
import { ringMemory } from "./_memory.ts";
import { LAYOUT, type RingMode } from "./layout.ts";

/** The one reader of a ring. */
export interface RingReader {
  readonly mode: RingMode;
  /** What `drain` points into: the ring's memory (drop), or a copy of the piece at hand (overwrite). */
  readonly bytes: Uint8Array;
  /** The same, for words. */
  readonly view: DataView;
  /**
   * Hands over the records that are there when it begins, oldest first. A record stays until its visit returns. One
   * whose visit throws is not handed over again.
   *
   * @param visit gets where in `bytes` a record begins, a multiple of 8, and its length in bytes
   * @returns number of records
   * @throws {RangeError} when the writer left nonsense, once: what the ring held is skipped
   */
  drain(visit: (at: number, length: number) => void): number;
  /** Records lost since the ring was made because it was full. In a ring that overwrites, only such as were too long. */
  lost(): number;
  /**
   * Records that were overwritten before this reader came to them, as far as it has come: after a drain, records
   * published = read + overwritten + those published since. 0 in a ring that drops.
   */
  overwritten(): number;
  /**
   * Blocks this thread until there is a record; not for the main thread, and over a SharedArrayBuffer only. Writers in
   * other processes do not wake: look at their rings from time to time.
   *
   * @param timeoutMs milliseconds
   * @returns whether there is one
   */
  wait(timeoutMs: number): boolean;
}

/**
 * Becomes the reader of a ring; goes on where the last one stopped. There must be no other.
 *
 * @param offset where in `buffer` the ring begins, in bytes
 * @throws {TypeError} when there is no ring
 */
export function ringReader(buffer: ArrayBufferLike, offset = 0): RingReader {
  const memory = ringMemory(buffer, offset);
  const { words } = memory;
  const cursor = ringCursor(memory);
  const WAITING = LAYOUT.WAITING >> 2;

  return {
    mode: memory.mode,
    bytes: cursor.bytes,
    view: cursor.view,
    drain(visit): number {
      let count = 0;
      try {
        cursor.start();
        while (cursor.peek()) {
          cursor.take();
          count++;
          visit(cursor.at, cursor.length);
        }
      } finally {
        cursor.finish();
      }
      return count;
    },
    lost: cursor.lost,
    overwritten: cursor.overwritten,
    wait(timeoutMs): boolean {
      // First say so, then look: a writer that publishes after the look finds us waiting.
      Atomics.store(words, WAITING, 1);
      if (!cursor.behind()) Atomics.wait(words, WAITING, 1, timeoutMs);
      Atomics.store(words, WAITING, 0);
      return cursor.behind();
    },
  };
}
