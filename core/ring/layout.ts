/**
 * The byte layout of our ring, the same for threads of this process (SharedArrayBuffer) and for C programs (a shared
 * mapping). One writer, one reader. All words little endian, positions and records multiples of 8:
 *
 * | byte | word | written by | meaning |
 * |---|---|---|---|
 * | 0 | u32 | maker | `MAGIC` |
 * | 4 | u32 | maker | capacity: bytes of data, a power of two |
 * | 64 | u32 | writer | head: bytes ever published, modulo 2^32; stored with release order |
 * | 128 | u32 | reader | tail: bytes ever consumed, modulo 2^32; stored with release order |
 * | 192 | u32 | writer | records lost because the ring was full, modulo 2^32 |
 * | 256 | | writer | data |
 *
 * A record is `{u32 length, u32 0, length bytes, padding to 8}` and never wraps: where it does not fit before the end of
 * the data, a length of `PADDING` tells the reader to go on at the start. Head, tail and the loss lie on cache lines of
 * their own, so that writer and reader do not slow one another.
 */
export const LAYOUT = {
  MAGIC: 0x474e5253, // "SRNG"
  CAPACITY: 4,
  HEAD: 64,
  TAIL: 128,
  LOST: 192,
  DATA: 256,
  RECORD_HEADER: 8,
  PADDING: 0xffff_ffff,
} as const;

/** Bytes of memory that a ring takes. @param capacity bytes of data, a power of two from 64 to 2^30 */
export function ringSize(capacity: number): number {
  if (!Number.isInteger(Math.log2(capacity)) || capacity < 64 || capacity > 2 ** 30) {
    throw new RangeError(`A ring's capacity is a power of two from 64 to 2^30, not ${capacity}`);
  }
  return LAYOUT.DATA + capacity;
}

/** Makes memory an empty ring. @param buffer of {@linkcode ringSize} bytes or more */
export function initRing(buffer: ArrayBufferLike, capacity: number): void {
  if (buffer.byteLength < ringSize(capacity)) {
    throw new RangeError(`${buffer.byteLength} bytes are too few for the ring`);
  }
  const words = new Int32Array(buffer, 0, LAYOUT.DATA / 4);
  words.fill(0);
  words[LAYOUT.CAPACITY / 4] = capacity;
  Atomics.store(words, 0, LAYOUT.MAGIC);
}

/** Capacity of a ring in bytes. @throws {TypeError} when the memory is no ring */
export function ringCapacity(buffer: ArrayBufferLike): number {
  const words = new Int32Array(buffer, 0, buffer.byteLength >= LAYOUT.DATA ? LAYOUT.DATA / 4 : 0);
  const capacity = words[LAYOUT.CAPACITY / 4];
  if (Atomics.load(words.length ? words : new Int32Array(1), 0) !== LAYOUT.MAGIC) throw new TypeError("No ring here");
  if (buffer.byteLength < ringSize(capacity)) throw new TypeError("The ring is larger than its memory");
  return capacity;
}
