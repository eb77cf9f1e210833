import type { RingCursor } from "./_cursor.ts";
import { loadCount, recordSize, type RingMemory, storeCount } from "./_memory.ts";
import { LAYOUT } from "./layout.ts";

/**
 * Copies a piece of the ring, then looks what of it the writer had begun to overwrite meanwhile (a sequence lock, whose
 * sequence is BEGIN): the rest of the copy is whole, and is handed out at leisure.
 */
export function overwriteCursor(memory: RingMemory): RingCursor {
  const { capacity, bytes, words } = memory;
  const mask = capacity - 1;
  const copy = new Uint8Array(capacity / 2); // holds the longest record
  const view = new DataView(copy.buffer);
  // Positions: where we are, the copied piece, and how far the writer had come at `start`.
  let position = loadCount(memory, LAYOUT.TAIL);
  let copyStart = position;
  let copyEnd = position;
  let head = position;
  let size = 0;
  // Number of the record at `position`, unless we have skipped. An earlier reader that was killed may have stored TAIL
  // and not READ.
  let next = loadCount(memory, LAYOUT.READ);
  let skipped = true;
  // A count that belonged to the ring when the piece was copied, to complete the records' 32-bit numbers.
  let anchor = next;
  let overwritten = 0;
  const stored = { position, next };

  const damaged = (found: string): RangeError => {
    position = copyStart = copyEnd = Math.max(position, head);
    skipped = true;
    return new RangeError(`The ring's writer left nonsense: ${found}. What the ring held is skipped`);
  };
  const skipTo = (begin: number): void => {
    position = begin;
    skipped = true;
  };
  const count = (number: number): void => {
    if (number < next || number > next && !skipped) throw damaged(`record ${number} where ${next} is due`);
    overwritten += number - next;
    next = number;
    skipped = false;
  };

  /** Copies what comes next. @returns false when there is nothing more before `head` */
  const fetch = (): boolean => {
    for (;;) {
      const begin = loadCount(memory, LAYOUT.BEGIN);
      if (begin > position) skipTo(begin);
      if (position >= head) {
        if (skipped) countAll();
        return false;
      }
      if (head - position > capacity) throw damaged(`${head - position} bytes in a ring of ${capacity}`);
      const offset = position & mask;
      const length = Math.min(copy.length, capacity - offset, head - position);
      copy.set(bytes.subarray(LAYOUT.DATA + offset, LAYOUT.DATA + offset + length));
      copyStart = position;
      copyEnd = position + length;
      anchor = loadCount(memory, LAYOUT.FIRST);
      // What we copied must be older than the begin we look at now. On x86-64 loads are seen in their order. On aarch64 a
      // plain load may be overtaken by an atomic one (ldar), but not by an atomic store (stlr) with an atomic load behind
      // it: the two together are a full fence. Nothing changes by this store: who reads does not wait.
      Atomics.store(words, LAYOUT.WAITING >> 2, 0);
      const now = loadCount(memory, LAYOUT.BEGIN);
      if (now > position) skipTo(now);
      if (position < copyEnd) return true;
    }
  };
  /** Counts what was overwritten when nothing else is in the ring. FIRST is the number of the record to come then. */
  const countAll = (): void => {
    const begin = loadCount(memory, LAYOUT.BEGIN);
    const first = loadCount(memory, LAYOUT.FIRST);
    // FIRST moves on only after the head has: as the head is still at `begin`, FIRST belongs to `begin`.
    if (begin === position && loadCount(memory, LAYOUT.HEAD) === begin) count(first);
  };

  const cursor: RingCursor = {
    bytes: copy,
    view,
    at: 0,
    length: 0,
    start(): void {
      const seen = loadCount(memory, LAYOUT.HEAD);
      if (seen < head || seen % 8 !== 0) throw damaged(`its position was ${head} and is ${seen}`);
      head = seen;
    },
    peek(): boolean {
      for (;;) {
        const left = copyEnd - position;
        if (left <= 0) {
          if (!fetch()) return false;
          continue;
        }
        const at = position - copyStart;
        const length = view.getUint32(at, true);
        if (length === LAYOUT.PADDING) {
          position += capacity - (position & mask);
          continue;
        }
        size = recordSize(length);
        if (size > left) {
          // The piece ends within this record. One that begins with it holds it, unless its length is wrong.
          if (at === 0) throw damaged(`a record of ${length} bytes where ${left} are left`);
          copyEnd = position;
          continue;
        }
        count(anchor + (view.getInt32(at + 4, true) - anchor | 0));
        cursor.at = at + LAYOUT.RECORD_HEADER;
        cursor.length = length;
        return true;
      }
    },
    take(): void {
      position += size;
      next++;
    },
    finish(): void {
      if (position === stored.position) return;
      storeCount(memory, LAYOUT.TAIL, position, stored.position);
      storeCount(memory, LAYOUT.READ, next, stored.next);
      stored.position = position;
      stored.next = next;
    },
    behind: () => loadCount(memory, LAYOUT.HEAD) > position,
    lost: () => loadCount(memory, LAYOUT.LOST),
    overwritten: () => overwritten,
  };
  return cursor;
}
