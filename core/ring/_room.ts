import { loadCount, recordSize, type RingMemory, storeCount } from "./_memory.ts";
import { LAYOUT } from "./layout.ts";

/** How a writer comes by room. */
export interface Room {
  /** Number of the next record, where records are numbered; else 0. */
  readonly number: number;
  /**
   * Makes room behind `head`, which is the position to write at.
   *
   * @param size bytes
   * @returns whether there is room now
   */
  make(head: number, size: number): boolean;
}

/** Room that the reader has left. Where there is none the record is counted as lost. */
export function dropRoom(memory: RingMemory): Room {
  const { capacity } = memory;
  // The reader's position as last seen: it is looked up again only when the ring seems full.
  let tail = loadCount(memory, LAYOUT.TAIL);
  let lost = loadCount(memory, LAYOUT.LOST);
  return {
    number: 0,
    make(head, size): boolean {
      if (head + size - tail <= capacity) return true;
      // An atomic load orders all later accesses behind itself: what the reader was still reading is not overwritten.
      tail = loadCount(memory, LAYOUT.TAIL);
      if (head + size - tail <= capacity) return true;
      storeCount(memory, LAYOUT.LOST, lost + 1, lost);
      lost++;
      return false;
    },
  };
}

/** Room that the oldest records had. */
export function overwriteRoom(memory: RingMemory): Room {
  const { capacity, view, words } = memory;
  const mask = capacity - 1;
  let begin = loadCount(memory, LAYOUT.BEGIN);

  /** Goes beyond the record, or the padding, at `begin`. @returns its number's low half; -1 for padding */
  const step = (head: number): number => {
    const offset = begin & mask;
    const length = view.getUint32(LAYOUT.DATA + offset, true);
    const padding = length === LAYOUT.PADDING;
    const size = padding ? capacity - offset : recordSize(length);
    if (size > head - begin) {
      throw new RangeError(
        `The ring is damaged: a record of ${length} bytes where ${head - begin} are left. Make it anew with initRing`,
      );
    }
    begin += size;
    return padding ? -1 : view.getUint32(LAYOUT.DATA + offset + 4, true);
  };

  const stored = { begin, first: loadCount(memory, LAYOUT.FIRST) };
  const head = loadCount(memory, LAYOUT.HEAD);
  if (head - begin > capacity) {
    throw new RangeError(`The ring is damaged: it claims to hold ${head - begin} bytes of ${capacity}. Make it anew`);
  }
  let count = 0;
  let last = -1;
  while (begin < head) {
    const number = step(head);
    if (number < 0) continue;
    last = number;
    count++;
  }
  // A writer that was killed may have left FIRST ahead of BEGIN. The records' own numbers are right.
  const number = count === 0 ? stored.first : stored.first + (last - stored.first | 0) + 1;
  let first = number - count;
  begin = stored.begin;

  return {
    number,
    make(head, size): boolean {
      if (head + size - begin <= capacity) return true;
      while (head + size - begin > capacity) if (step(head) >= 0) first++;
      storeCount(memory, LAYOUT.FIRST, first, stored.first);
      storeCount(memory, LAYOUT.BEGIN, begin, stored.begin);
      stored.first = first;
      stored.begin = begin;
      // The new begin must be seen before any byte of what overwrites. On x86-64 stores are seen in their order. On
      // aarch64 a plain store may overtake an atomic one (stlr) before it, but not an atomic load (ldar) behind that:
      // the two together are a full fence.
      Atomics.load(words, 0);
      return true;
    },
  };
}
