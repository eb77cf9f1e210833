import { LAYOUT, type RingMode, ringShape } from "./layout.ts";

/** A ring's memory, seen in every width that reader and writer need. Indexes count from the ring's own start. */
export interface RingMemory {
  readonly capacity: number;
  readonly mode: RingMode;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly longs: BigInt64Array;
}

/** @throws {TypeError} when there is no ring at `offset` */
export function ringMemory(buffer: ArrayBufferLike, offset: number): RingMemory {
  const { capacity, mode } = ringShape(buffer, offset);
  const length = LAYOUT.DATA + capacity;
  return {
    capacity,
    mode,
    bytes: new Uint8Array(buffer, offset, length),
    view: new DataView(buffer, offset, length),
    words: new Int32Array(buffer, offset, LAYOUT.DATA / 4),
    longs: new BigInt64Array(buffer, offset, LAYOUT.DATA / 8),
  };
}

/** Loads a 64-bit count, exact up to 2^53. @param at its byte */
export function loadCount(memory: RingMemory, at: number): number {
  return Number(Atomics.load(memory.longs, at >> 3));
}

/**
 * Stores a 64-bit count so that nobody sees half of it.
 *
 * As long as its upper half stays, which is for 4 GiB, storing the lower half alone does that without a BigInt: whoever
 * loads 8 bytes gets the new lower half beside an upper half that both values share.
 *
 * @param at its byte
 * @param before what it was
 */
export function storeCount(memory: RingMemory, at: number, value: number, before: number): void {
  if (Math.floor(value / 2 ** 32) === Math.floor(before / 2 ** 32)) Atomics.store(memory.words, at >> 2, value | 0);
  else Atomics.store(memory.longs, at >> 3, BigInt(value));
}

/** Bytes that a record takes in the ring. @param length of its content, an unsigned 32-bit number */
export function recordSize(length: number): number {
  return LAYOUT.RECORD_HEADER + Math.ceil(length / 8) * 8;
}
