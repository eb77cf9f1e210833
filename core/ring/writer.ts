import { loadCount, recordSize, ringMemory, storeCount } from "./_memory.ts";
import { dropRoom, overwriteRoom } from "./_room.ts";
import { LAYOUT } from "./layout.ts";

/** The one writer of a ring. */
export interface RingWriter {
  /** The ring's memory, for filling in a reserved record. */
  readonly bytes: Uint8Array;
  /** The same, for words. */
  readonly view: DataView;
  /**
   * Takes room for a record, which is visible to the reader after {@linkcode RingWriter.commit}. Reserving again without
   * a commit gives the same room again.
   *
   * @param length bytes, at most half the ring's capacity less 8
   * @returns where in `bytes` the record goes, a multiple of 8; -1 when a ring that drops is full: the record is lost and
   *   counted
   * @throws {RangeError} when the record is longer than that
   */
  reserve(length: number): number;
  /** Publishes the reserved record and wakes a waiting reader. */
  commit(): void;
  /**
   * Reserve, copy, commit.
   *
   * @returns false when the ring was full
   * @throws {RangeError} when the record is too long
   */
  write(record: Uint8Array): boolean;
}

/**
 * Becomes the writer of a ring, also of one whose earlier writer was killed: what that one had not published is not
 * there. There must be no other.
 *
 * @param offset where in `buffer` the ring begins, in bytes
 * @throws {TypeError} when there is no ring
 * @throws {RangeError} when the records in it make no sense
 */
export function ringWriter(buffer: ArrayBufferLike, offset = 0): RingWriter {
  const memory = ringMemory(buffer, offset);
  const { capacity, bytes, view, words } = memory;
  const mask = capacity - 1;
  const numbered = memory.mode === "overwrite" ? 1 : 0;
  const room = numbered ? overwriteRoom(memory) : dropRoom(memory);
  const WAITING = LAYOUT.WAITING >> 2;
  let number = room.number;
  let head = loadCount(memory, LAYOUT.HEAD);
  let next = head;

  const reserve = (length: number): number => {
    const size = recordSize(length);
    if (!(length >= 0 && size <= capacity / 2)) {
      throw new RangeError(
        `A record of ${length} bytes does not fit a ring of ${capacity}: ${
          capacity / 2 - 8
        } at most. Make a larger ring`,
      );
    }
    const offset = head & mask;
    const toEnd = capacity - offset;
    const padding = size <= toEnd ? 0 : toEnd;
    if (!room.make(head, padding + size)) return -1;
    let at = LAYOUT.DATA + offset;
    if (padding > 0) {
      view.setUint32(at, LAYOUT.PADDING, true);
      at = LAYOUT.DATA;
    }
    view.setUint32(at, length, true);
    view.setUint32(at + 4, number, true);
    next = head + padding + size;
    return at + LAYOUT.RECORD_HEADER;
  };
  const commit = (): void => {
    if (next === head) return;
    // An atomic store orders all earlier stores, the record's content among them, before itself.
    storeCount(memory, LAYOUT.HEAD, next, head);
    head = next;
    number += numbered;
    // The reader sets this before its last look at the head. Atomics of JavaScript have one order for all threads: the
    // reader sees our head, or we see that it waits. Looking costs a quarter of waking nobody.
    if (Atomics.load(words, WAITING) === 1) {
      Atomics.store(words, WAITING, 0);
      Atomics.notify(words, WAITING);
    }
  };
  return {
    bytes,
    view,
    reserve,
    commit,
    write(record): boolean {
      const at = reserve(record.length);
      if (at < 0) return false;
      bytes.set(record, at);
      commit();
      return true;
    },
  };
}
