import { LAYOUT, ringCapacity } from "./layout.ts";

/** The one writer of a ring. */
export interface RingWriter {
  /** The whole memory, for filling in a reserved record. */
  readonly bytes: Uint8Array;
  /** The same, for words. */
  readonly view: DataView;
  /**
   * Takes room for a record, which is visible to the reader after {@linkcode RingWriter.commit}.
   *
   * @param length bytes, at most half the ring's capacity less 8
   * @returns where in `bytes` the record goes, a multiple of 8; -1 when the ring is full: the record is lost and counted
   * @throws {RangeError} when no empty ring would hold it for certain
   */
  reserve(length: number): number;
  /** Publishes the reserved record and wakes a waiting reader. */
  commit(): void;
  /** Reserve, copy, commit. @returns false when the ring was full */
  write(record: Uint8Array): boolean;
}

/** Becomes the writer of a ring. There must be no other. */
export function ringWriter(buffer: ArrayBufferLike): RingWriter {
  const capacity = ringCapacity(buffer);
  const words = new Int32Array(buffer, 0, LAYOUT.DATA / 4);
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const mask = capacity - 1;
  const HEAD = LAYOUT.HEAD / 4;
  const TAIL = LAYOUT.TAIL / 4;
  let next = Atomics.load(words, HEAD);
  // The reader's position as last seen: it is looked up again only when the ring seems full.
  let tail = Atomics.load(words, TAIL);

  const reserve = (length: number): number => {
    const size = LAYOUT.RECORD_HEADER + (length + 7 & ~7);
    if (!(length >= 0 && size <= capacity / 2)) {
      throw new RangeError(`A record of ${length} bytes does not fit the ring`);
    }
    let head = Atomics.load(words, HEAD);
    const toEnd = capacity - (head & mask);
    const needed = size <= toEnd ? size : toEnd + size;
    if (capacity - (head - tail >>> 0) < needed) {
      tail = Atomics.load(words, TAIL);
      if (capacity - (head - tail >>> 0) < needed) {
        Atomics.add(words, LAYOUT.LOST / 4, 1);
        return -1;
      }
    }
    if (size > toEnd) {
      view.setUint32(LAYOUT.DATA + (head & mask), LAYOUT.PADDING, true);
      head += toEnd;
    }
    const at = LAYOUT.DATA + (head & mask);
    view.setUint32(at, length, true);
    next = head + size | 0;
    return at + LAYOUT.RECORD_HEADER;
  };
  const commit = (): void => {
    Atomics.store(words, HEAD, next);
    Atomics.notify(words, HEAD);
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
