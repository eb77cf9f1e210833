import { type RingCursor, ringCursor } from "./_cursor.ts";
import { ringMemory } from "./_memory.ts";
import { initRing, LAYOUT, type RingMode, ringShape, ringSize } from "./layout.ts";
import { type RingWriter, ringWriter } from "./writer.ts";

/**
 * The one reader of a group: equal rings one behind the other in one memory, each with a writer of its own, such as one
 * for each CPU or thread. Writers never meet, so there is nothing to contend for.
 */
export interface RingGroupReader {
  /** What `at` points into, for each ring. */
  readonly rings: readonly RingGroupMember[];
  /**
   * Hands over all records, ring by ring; see {@linkcode RingReader.drain}.
   *
   * @param visit gets the ring's index, where in its `bytes` the record begins, and its length in bytes
   * @returns number of records
   * @throws {RangeError} when a ring's writer left nonsense, once; the next call goes on
   */
  drain(visit: (ring: number, at: number, length: number) => void): number;
  /**
   * Hands over the records of all rings in the order of a key, such as a time. Within a ring keys must not fall; those
   * that are equal come in any order.
   *
   * @param key of a record, less than Infinity
   * @param until only records with keys below it; later ones stay for the next call. A writer may be about to publish
   *   something older than what another has published: leave the youngest moments
   * @returns number of records
   * @throws {RangeError} as `drain`
   */
  drainMerged(
    key: (ring: number, at: number) => number,
    visit: (ring: number, at: number, length: number) => void,
    until?: number,
  ): number;
  /** Sum over the rings; see {@linkcode RingReader.lost}. */
  lost(): number;
  /** Sum over the rings; see {@linkcode RingReader.overwritten}. */
  overwritten(): number;
}

/** One ring of a group. */
export interface RingGroupMember {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Who claimed it; 0 when nobody has it now. */
  owner(): number;
}

/**
 * Bytes of memory that a group takes.
 *
 * @param rings how many
 * @param capacity of each, in bytes: a power of two from 64 to 2^30
 * @throws {RangeError}
 */
export function ringGroupSize(rings: number, capacity: number): number {
  return rings * ringSize(capacity);
}

/**
 * Makes memory a group of empty rings.
 *
 * @param capacity of each, in bytes
 * @throws {RangeError}
 */
export function initRingGroup(buffer: ArrayBufferLike, rings: number, capacity: number, mode?: RingMode): void {
  if (!Number.isInteger(rings) || rings < 1) throw new RangeError(`A group has one ring or more, not ${rings}`);
  // The last first: who finds the first one finds them all.
  for (let i = rings - 1; i >= 0; i--) initRing(buffer, capacity, mode, i * ringSize(capacity));
}

/** A ring that was claimed from a group. */
export interface ClaimedRing extends RingWriter {
  /** Its index in the group. */
  readonly ring: number;
  /** Gives it back for others to claim. Its records stay. The writer must not be used any more. */
  release(): void;
}

/**
 * Becomes the writer of a ring that nobody has.
 *
 * @param owner who wants it, from 1 to 2^31 - 1: a thread's or process's number, by which rings can be taken back
 * @returns null when all are taken
 * @throws {TypeError} when there is no group
 * @throws {RangeError} when `owner` is no such number, or the free ring's records make no sense: that one stays claimed,
 *   the next call tries another
 */
export function claimRing(buffer: ArrayBufferLike, owner: number): ClaimedRing | null {
  if (!Number.isInteger(owner) || owner < 1 || owner >= 2 ** 31) {
    throw new RangeError(`An owner is a number from 1 to 2^31 - 1, not ${owner}`);
  }
  for (const [ring, offset] of offsets(buffer).entries()) {
    const word = new Int32Array(buffer, offset + LAYOUT.OWNER, 1);
    if (Atomics.compareExchange(word, 0, 0, owner) !== 0) continue;
    return { ...ringWriter(buffer, offset), ring, release: () => void Atomics.compareExchange(word, 0, owner, 0) };
  }
  return null;
}

/**
 * Becomes the reader of a group. There must be no other.
 *
 * @param buffer the group at its start
 * @throws {TypeError} when there is no group
 */
export function ringGroupReader(buffer: ArrayBufferLike): RingGroupReader {
  const memories = offsets(buffer).map((offset) => ringMemory(buffer, offset));
  const cursors = memories.map(ringCursor);
  const keys = new Float64Array(cursors.length);

  const named = <T>(ring: number, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new RangeError(`Ring ${ring} of ${cursors.length}: ${(error as Error).message}`);
    }
  };
  const start = (cursor: RingCursor, ring: number): void => named(ring, cursor.start);
  const peek = (cursor: RingCursor, ring: number): boolean => named(ring, cursor.peek);
  const finish = (): void => {
    for (const cursor of cursors) cursor.finish();
  };

  return {
    rings: cursors.map(({ bytes, view }, i) => ({
      bytes,
      view,
      owner: () => Atomics.load(memories[i].words, LAYOUT.OWNER >> 2),
    })),
    drain(visit): number {
      let count = 0;
      try {
        for (let ring = 0; ring < cursors.length; ring++) {
          const cursor = cursors[ring];
          start(cursor, ring);
          while (peek(cursor, ring)) {
            cursor.take();
            count++;
            visit(ring, cursor.at, cursor.length);
          }
        }
      } finally {
        finish();
      }
      return count;
    },
    drainMerged(key, visit, until = Infinity): number {
      let count = 0;
      const keyOf = (ring: number): number => peek(cursors[ring], ring) ? key(ring, cursors[ring].at) : Infinity;
      try {
        cursors.forEach(start);
        for (let ring = 0; ring < cursors.length; ring++) keys[ring] = keyOf(ring);
        for (;;) {
          let ring = -1;
          let least = until;
          let second = until;
          for (let i = 0; i < keys.length; i++) {
            if (keys[i] < least) [ring, second, least] = [i, least, keys[i]];
            else if (keys[i] < second) second = keys[i];
          }
          if (ring < 0) return count;
          const cursor = cursors[ring];
          do {
            cursor.take();
            count++;
            visit(ring, cursor.at, cursor.length);
            keys[ring] = keyOf(ring);
          } while (keys[ring] < second);
        }
      } finally {
        finish();
      }
    },
    lost: () => cursors.reduce((sum, cursor) => sum + cursor.lost(), 0),
    overwritten: () => cursors.reduce((sum, cursor) => sum + cursor.overwritten(), 0),
  };
}

/** Where a group's rings begin. */
function offsets(buffer: ArrayBufferLike): number[] {
  const stride = ringSize(ringShape(buffer).capacity);
  const found: number[] = [];
  for (let offset = 0; offset + stride <= buffer.byteLength; offset += stride) {
    // A mapping is longer than what was asked for where pages are.
    if (Atomics.load(new Int32Array(buffer, offset, 1), 0) !== LAYOUT.MAGIC) break;
    found.push(offset);
  }
  return found;
}
