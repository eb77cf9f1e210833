/**
 * The byte layout of our ring, the same for threads of this process (SharedArrayBuffer) and for C programs (a shared
 * mapping; `ring.h` beside this file says the same in C, and a test compares the two). One writer, one reader. All
 * words little endian; positions and records are multiples of 8. 64-bit words count since the ring was made and never
 * wrap.
 *
 * | byte | word | written by | meaning |
 * |---|---|---|---|
 * | 0 | u32 | maker | `MAGIC` |
 * | 4 | u32 | maker | capacity: bytes of data, a power of two |
 * | 8 | u32 | maker | mode: 0 drop, 1 overwrite |
 * | 12 | u32 | writers | owner: who writes here, such as a thread's number; 0 nobody. Claimed by compare-and-swap |
 * | 64 | u64 | writer | head: bytes ever published |
 * | 72 | u64 | writer | begin: position of the oldest record that is whole (overwrite) |
 * | 80 | u64 | writer | first: number of that record; may be ahead of begin while begin moves (overwrite) |
 * | 88 | u64 | writer | records lost because the ring was full (drop), or, from C, longer than half the ring |
 * | 128 | u64 | reader | tail: bytes ever read or skipped |
 * | 136 | u64 | reader | number of the record at tail (overwrite) |
 * | 144 | u32 | reader | waiting: 1 while the reader wants to be woken |
 * | 256 | | writer | data |
 *
 * A record is `{u32 length, u32 number, length bytes, padding to 8}` and never wraps: where it does not fit before the
 * end of the data, a length of `PADDING` tells the reader to go on at the start. The number is the low half of the count
 * of records published before it (overwrite), or 0 (drop). What the writer and what the reader stores lie on cache lines
 * of their own, and on different pairs of lines (processors prefetch pairs), so that they do not slow one another.
 */
export const LAYOUT = {
  MAGIC: 0x324e5253, // "SRN2"
  CAPACITY: 4,
  MODE: 8,
  OWNER: 12,
  HEAD: 64,
  BEGIN: 72,
  FIRST: 80,
  LOST: 88,
  TAIL: 128,
  READ: 136,
  WAITING: 144,
  DATA: 256,
  RECORD_HEADER: 8,
  PADDING: 0xffff_ffff,
} as const;

/**
 * What happens when a record does not fit. `drop`: it is lost, and counted. `overwrite`: the oldest records go (a flight
 * recorder), and the reader counts them.
 */
export type RingMode = "drop" | "overwrite";

/** What a ring's maker decided. */
export interface RingShape {
  /** Bytes of data, a power of two from 64 to 2^30. */
  readonly capacity: number;
  readonly mode: RingMode;
}

/**
 * Bytes of memory that a ring takes: a multiple of 64.
 *
 * @param capacity bytes of data, a power of two from 64 to 2^30
 * @throws {RangeError}
 */
export function ringSize(capacity: number): number {
  if (!Number.isInteger(Math.log2(capacity)) || capacity < 64 || capacity > 2 ** 30) {
    throw new RangeError(`A ring's capacity is a power of two from 64 to 2^30, not ${capacity}`);
  }
  return LAYOUT.DATA + capacity;
}

/**
 * Makes memory an empty ring. Nobody may be using it yet.
 *
 * @param buffer holds {@linkcode ringSize} bytes from `offset` on
 * @param capacity bytes of data, a power of two from 64 to 2^30. The longest record is half of it, less 8
 * @param offset bytes, a multiple of 64
 * @throws {RangeError}
 */
export function initRing(buffer: ArrayBufferLike, capacity: number, mode: RingMode = "drop", offset = 0): void {
  const needed = ringSize(capacity);
  if (!(offset >= 0) || offset % 64 !== 0) {
    throw new RangeError(`A ring begins at a multiple of 64 bytes, not at ${offset}`);
  }
  if (buffer.byteLength - offset < needed) {
    throw new RangeError(
      `A ring of ${capacity} bytes needs ${needed}; ${buffer.byteLength - offset} are there from byte ${offset} on`,
    );
  }
  const words = new Int32Array(buffer, offset, LAYOUT.DATA / 4);
  words.fill(0);
  words[LAYOUT.CAPACITY / 4] = capacity;
  words[LAYOUT.MODE / 4] = mode === "overwrite" ? 1 : 0;
  Atomics.store(words, 0, LAYOUT.MAGIC);
}

/**
 * Reads what a ring's maker decided.
 *
 * @param offset where in `buffer` it begins, in bytes
 * @throws {TypeError} when there is no ring, or one that does not lie within the buffer
 */
export function ringShape(buffer: ArrayBufferLike, offset = 0): RingShape {
  const left = buffer.byteLength - offset;
  if (offset < 0 || offset % 64 !== 0 || left < LAYOUT.DATA) {
    throw new TypeError(`No ring at byte ${offset} of ${buffer.byteLength}: make one with initRing`);
  }
  const words = new Int32Array(buffer, offset, LAYOUT.DATA / 4);
  const magic = Atomics.load(words, 0);
  if (magic !== LAYOUT.MAGIC) {
    throw new TypeError(
      `No ring at byte ${offset}: it begins with 0x${(magic >>> 0).toString(16)}. Make one with initRing`,
    );
  }
  const capacity = words[LAYOUT.CAPACITY / 4];
  const mode = words[LAYOUT.MODE / 4];
  if (!Number.isInteger(Math.log2(capacity)) || capacity < 64 || mode < 0 || mode > 1) {
    throw new TypeError(`The ring at byte ${offset} is damaged: capacity ${capacity}, mode ${mode}`);
  }
  if (left < LAYOUT.DATA + capacity) {
    throw new TypeError(`The ring at byte ${offset} has ${LAYOUT.DATA + capacity} bytes, its memory ${left}`);
  }
  return { capacity, mode: mode === 1 ? "overwrite" : "drop" };
}
