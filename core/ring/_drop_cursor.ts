import type { RingCursor } from "./_cursor.ts";
import { loadCount, recordSize, type RingMemory, storeCount } from "./_memory.ts";
import { LAYOUT } from "./layout.ts";

/** Reads records where they lie: the writer leaves them alone until they are freed. */
export function dropCursor(memory: RingMemory): RingCursor {
  const { capacity, bytes, view } = memory;
  const mask = capacity - 1;
  let position = loadCount(memory, LAYOUT.TAIL);
  let freed = position;
  let head = position;
  let size = 0;

  const free = (): void => {
    if (position === freed) return;
    // An atomic store orders all earlier loads before itself: the writer gets room that we have done with.
    storeCount(memory, LAYOUT.TAIL, position, freed);
    freed = position;
  };
  const damaged = (found: string): RangeError => {
    position = head;
    return new RangeError(`The ring's writer left nonsense: ${found}. What the ring held is skipped`);
  };

  const cursor: RingCursor = {
    bytes,
    view,
    at: 0,
    length: 0,
    start(): void {
      // An atomic load orders all later loads behind itself: records before the head are whole.
      head = loadCount(memory, LAYOUT.HEAD);
      if (head < position || head - position > capacity || head % 8 !== 0) {
        throw damaged(`its position is ${head}, ours ${position}, of ${capacity} bytes`);
      }
    },
    peek(): boolean {
      while (position !== head) {
        const offset = position & mask;
        const toEnd = capacity - offset;
        const length = view.getUint32(LAYOUT.DATA + offset, true);
        const padding = length === LAYOUT.PADDING;
        size = padding ? toEnd : recordSize(length);
        // Another program may write here: never believe a length that leads outside.
        if (size > toEnd || size > head - position) {
          throw damaged(`a record of ${length} bytes where ${Math.min(toEnd, head - position)} are left`);
        }
        if (!padding) {
          cursor.at = LAYOUT.DATA + offset + LAYOUT.RECORD_HEADER;
          cursor.length = length;
          return true;
        }
        position += size;
      }
      return false;
    },
    take(): void {
      // A writer that waits for room need not wait until all is read.
      if (position - freed >= capacity / 4) free();
      position += size;
    },
    finish: free,
    behind: () => loadCount(memory, LAYOUT.HEAD) !== position,
    lost: () => loadCount(memory, LAYOUT.LOST),
    overwritten: () => 0,
  };
  return cursor;
}
