import type { PageFormat } from "./page_format.ts";
import { TraceDataError } from "./trace_data_error.ts";

/** Takes what is in a page. */
export interface PageSink {
  /**
   * An event.
   *
   * @param page the page
   * @param at of the event's record in it, in bytes
   * @param length of the record, in bytes
   * @param timeNs of the event in the buffer's clock, less the origin
   */
  event(page: DataView, at: number, length: number, timeNs: number): void;
  /** Events were overwritten before this page was read. @param count null when the kernel does not tell how many */
  lost(count: number | null): void;
}

/** How many bytes of a page its events take; what is damaged may say more than it has. */
export function filledBytes(page: DataView, format: PageFormat): number {
  return page.byteLength < format.dataOffset ? 0 : page.getUint32(format.commitOffset, true) & COMMIT_MASK;
}

/** Kinds of events that are no records (enum ring_buffer_type in include/linux/ring_buffer.h). */
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;

/** The filled bytes are in the low bits of `commit`; above are flags (ring_buffer_read_page() in ring_buffer.c). */
const COMMIT_MASK = (1 << 27) - 1;
const MISSED_EVENTS = 1 << 31;
const MISSED_STORED = 1 << 30;

/** An absolute time has 59 bits: those above are of the time before (rb_fix_abs_ts()). */
const STAMP_BITS = 59n;
const TWO_27 = 2 ** 27;

/**
 * Decodes one page of a `trace_pipe_raw` file. Times are sums of differences: the page has the first, each event how much
 * later it is, and where 27 bits do not hold that, an event that is only time stands before it.
 *
 * @param page as read(2) answered it: its length is the page's size
 * @param originNs what times are counted from, so that they are exact as doubles
 * @returns number of records
 * @throws {TraceDataError} when it is no such page; what stood before the fault has been handed on
 */
export function decodePage(page: DataView, format: PageFormat, originNs: bigint, sink: PageSink): number {
  if (page.byteLength < format.dataOffset) throw new TraceDataError("a page ends before its head does", 0);
  const commit = page.getUint32(format.commitOffset, true);
  const end = format.dataOffset + (commit & COMMIT_MASK);
  if (end > page.byteLength) throw new TraceDataError("more bytes are filled than a page has", format.commitOffset);
  let base = page.getBigUint64(format.timestampOffset, true);
  let time = Number(base - originNs);
  if (commit & MISSED_EVENTS) sink.lost(missedCount(page, commit, end));
  let records = 0;
  let at = format.dataOffset;
  while (at < end) {
    if (at + 4 > end) throw new TraceDataError("an event's head is cut off", at);
    const head = page.getUint32(at, true);
    const kind = head & 31;
    const delta = head >>> 5;
    if (kind >= 1 && kind < PADDING) {
      const length = kind * 4;
      time += delta;
      if (at + 4 + length > end) throw new TraceDataError("an event is longer than the page", at);
      sink.event(page, at + 4, length, time);
      records++;
      at += 4 + length;
      continue;
    }
    // The rest of the page is empty.
    if (kind === PADDING && delta === 0) break;
    if (at + 8 > end) throw new TraceDataError("an event's second word is cut off", at);
    const word = page.getUint32(at + 4, true);
    switch (kind) {
      case 0:
        // The second word is the length, its own four bytes included.
        time += delta;
        if (word < 4 || at + 4 + word > end) throw new TraceDataError("an event is longer than the page", at);
        sink.event(page, at + 8, word - 4, time);
        records++;
        at += 4 + aligned(word);
        break;
      case PADDING:
        // An event that was discarded after it had its place: its time counts for those behind it.
        time += delta;
        if (word < 4 || at + 4 + word > end) throw new TraceDataError("a discarded event is longer than the page", at);
        at += 4 + aligned(word);
        break;
      case TIME_EXTEND:
        time += word * TWO_27 + delta;
        at += 8;
        break;
      case TIME_STAMP:
        base = absolute((BigInt(word) << 27n) + BigInt(delta), base);
        time = Number(base - originNs);
        at += 8;
        break;
    }
  }
  return records;
}

function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** How many events are missing before the page: stands behind its last event, where there was room for it. */
function missedCount(page: DataView, commit: number, end: number): number | null {
  if (!(commit & MISSED_STORED) || end + 8 > page.byteLength) return null;
  const count = page.getBigUint64(end, true);
  // A page that is damaged must not make a sum that is no number.
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(count);
}

function absolute(stamp: bigint, before: bigint): bigint {
  const low = stamp & ((1n << STAMP_BITS) - 1n);
  const whole = (before >> STAMP_BITS << STAMP_BITS) | low;
  return whole < before && before >> STAMP_BITS !== 0n ? whole + (1n << STAMP_BITS) : whole;
}
