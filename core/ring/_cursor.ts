import type { RingMemory } from "./_memory.ts";
import { dropCursor } from "./_drop_cursor.ts";
import { overwriteCursor } from "./_overwrite_cursor.ts";

/** Steps through a ring's records. Between `start` and `finish` it sees no more than was there at `start`. */
export interface RingCursor {
  /** What `at` points into: the ring itself, or a copy. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the record's content begins, a multiple of 8, and its length in bytes; after `peek` has answered true. */
  at: number;
  length: number;
  /** Looks how far the writer has come. @throws {RangeError} when the ring is damaged */
  start(): void;
  /** Whether there is a record. Looks at the same one until `take`. @throws {RangeError} when the ring is damaged */
  peek(): boolean;
  /** Counts the record as read. Its content stays until the next `take` or `finish`. */
  take(): void;
  /** Frees what was taken. */
  finish(): void;
  /** Whether there is something behind what was taken. */
  behind(): boolean;
  lost(): number;
  overwritten(): number;
}

export function ringCursor(memory: RingMemory): RingCursor {
  return memory.mode === "overwrite" ? overwriteCursor(memory) : dropCursor(memory);
}
