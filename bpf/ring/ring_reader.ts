import { MAP, type Mapping, mmapFd, PROT } from "../../core/sys/mod.ts";
import type { RecordSource } from "./record_source.ts";

/** A reader of one BPF ring buffer. */
export interface RingReader extends Disposable {
  /** The data as bytes and as words. Records begin at multiples of 8 and never wrap: the kernel maps them twice. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  /** Bytes that wait to be read. */
  pending(): number;
  /**
   * Gives each complete record to `visit` and frees it.
   *
   * @param visit byte offset in `bytes` and length; the record must not be used after the call has returned
   * @param limit most records
   * @returns how many there were
   */
  drain(visit: (offset: number, length: number) => void, limit?: number): number;
}

/** A ring buffer as a source of records. */
export function ringSource(ring: RingReader): RecordSource {
  const { bytes, words } = ring;
  return {
    drain: (visit) => ring.drain((at) => visit(bytes, words, at)),
    fill: () => ring.pending() * 2 / bytes.length,
    [Symbol.dispose]: () => ring[Symbol.dispose](),
  };
}

/** Bits of a record's length (include/uapi/linux/bpf.h, BPF_RINGBUF_BUSY_BIT and _DISCARD_BIT). */
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;
const HEADER_BYTES = 8;

/**
 * Maps a ring buffer (kernel/bpf/ringbuf.c): a page with the consumer's position, which is ours to write; then a page
 * with the producer's position and the data, twice, to be read only.
 *
 * @param size of the data in bytes, as the map was created
 * @param pageSize of the machine
 * @throws {SysError}
 */
export function openRing(fd: number, size: number, pageSize: number): RingReader {
  const consumer: Mapping = mmapFd(fd, pageSize, PROT.READ | PROT.WRITE, MAP.SHARED);
  let producer: Mapping;
  try {
    producer = mmapFd(fd, pageSize + 2 * size, PROT.READ, MAP.SHARED, pageSize);
  } catch (error) {
    consumer[Symbol.dispose]();
    throw error;
  }
  // Positions count all bytes ever; the low words tell distances, since no ring has 4 GiB.
  const consumed = new Int32Array(consumer.buffer, 0, 2);
  const consumed64 = new BigUint64Array(consumer.buffer, 0, 1);
  const produced = new Int32Array(producer.buffer, 0, 1);
  const bytes = new Uint8Array(producer.buffer, pageSize, 2 * size);
  const words = new Uint32Array(producer.buffer, pageSize, size >> 1);
  const headers = new Int32Array(producer.buffer, pageSize, size >> 1);
  const mask = size - 1;
  let position = Atomics.load(consumed64, 0);

  return {
    bytes,
    words,
    pending: () => (Atomics.load(produced, 0) - consumed[0]) >>> 0,
    drain(visit, limit = Infinity): number {
      let n = 0;
      let at = consumed[0] >>> 0;
      const end = Atomics.load(produced, 0) >>> 0;
      const start = at;
      while (at !== end && n < limit) {
        const place = at & mask;
        const header = Atomics.load(headers, place >> 2) >>> 0;
        // Reserved, but not yet written: it, and what lies behind, will be there the next time.
        if ((header & BUSY) !== 0) break;
        const length = header & ~(BUSY | DISCARD);
        if ((header & DISCARD) === 0) {
          visit(place + HEADER_BYTES, length);
          n++;
        }
        at = (at + (length + HEADER_BYTES + 7 & ~7)) >>> 0;
      }
      position += BigInt((at - start) >>> 0);
      Atomics.store(consumed64, 0, position);
      return n;
    },
    [Symbol.dispose](): void {
      producer[Symbol.dispose]();
      consumer[Symbol.dispose]();
    },
  };
}
