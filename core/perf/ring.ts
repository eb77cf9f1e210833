import { RECORD } from "./abi.ts";
import { readRecord, recordTime } from "./records.ts";
import type { PerfRecord } from "./records.ts";
import type { SampleLayout } from "./sample_layout.ts";

/** Takes what a ring holds. Nothing may keep `words`: it is the kernel's memory, or a buffer that is used again. */
export interface RecordSink {
  /** A sample, to be read in place by its {@linkcode SampleLayout}. @param at index of its header in `words` */
  sample(words: Uint32Array, at: number): void;
  record(record: PerfRecord): void;
  /** The ring's bytes cannot be records: the rest of what was in it is dropped. */
  corrupt(): void;
}

/** A ring that the kernel fills, as mapped: one control page, then the data (perf_event_open(2), "MMAP layout"). */
export interface PerfRing {
  /** Positions count bytes since the ring was made and never wrap. */
  readonly control: BigInt64Array;
  readonly data: Uint32Array;
  /** Where we are, in bytes. */
  tail: number;
  /** How far the kernel had written when last looked, in bytes. */
  head: number;
  /** Time of the record at `tail`; Infinity when there is none. */
  nextTime: number;
  /** The record at `tail`: in `data`, or copied to `scratch` where it crosses the ring's end. */
  words: Uint32Array;
  at: number;
}

/**
 * Lays a ring over mapped memory.
 *
 * @param buffer one page and the data; the data's size in bytes a power of two
 * @param pageSize bytes
 */
export function perfRing(buffer: ArrayBuffer, pageSize: number): PerfRing {
  const data = new Uint32Array(buffer, pageSize);
  if (data.length === 0 || (data.length & (data.length - 1)) !== 0) {
    throw new RangeError(`A ring of ${data.byteLength} bytes: not a power of two`);
  }
  const control = new BigInt64Array(buffer, 0, pageSize / 8);
  const tail = Number(control[DATA_TAIL]);
  return { control, data, tail, head: tail, nextTime: Infinity, words: data, at: 0 };
}

/** How full a ring is, in bytes. */
export function ringFill(ring: PerfRing): number {
  return Number(Atomics.load(ring.control, DATA_HEAD)) - ring.tail;
}

/**
 * Hands on the records of several rings in the order of time, and frees their room in the rings.
 *
 * Rings are filled by different CPUs: a process that moves between them leaves its exec in one and its samples in
 * another. Each ring is nearly ordered in itself, so merging by the next record's time puts things right.
 *
 * @param until only records before this time (ns of the event's clock); later ones stay for the next call, so that no
 *   ring runs ahead of another that is still being written
 * @returns number of records
 */
export function drainRings(rings: readonly PerfRing[], layout: SampleLayout, sink: RecordSink, until: number): number {
  let n = 0;
  for (const ring of rings) {
    // The kernel publishes the head after the data: an atomic load orders our reads behind it.
    ring.head = Number(Atomics.load(ring.control, DATA_HEAD));
    load(ring, layout, sink);
  }
  for (;;) {
    let ring = rings[0];
    let second = Infinity;
    for (let i = 1; i < rings.length; i++) {
      const other = rings[i];
      if (other.nextTime < ring.nextTime) {
        second = ring.nextTime;
        ring = other;
      } else if (other.nextTime < second) second = other.nextTime;
    }
    if (!ring || ring.nextTime >= until) break;
    const stop = second < until ? second : until;
    do {
      const { words, at } = ring;
      const size = words[at + 1] >>> 16;
      if (words[at] === RECORD.SAMPLE) sink.sample(words, at);
      else {
        const record = readRecord(words, at, layout);
        if (record) sink.record(record);
      }
      n++;
      ring.tail += size;
      load(ring, layout, sink);
    } while (ring.nextTime <= stop && ring.nextTime < until);
  }
  for (const ring of rings) Atomics.store(ring.control, DATA_TAIL, BigInt(ring.tail));
  return n;
}

/** Looks at the record at the tail. */
function load(ring: PerfRing, layout: SampleLayout, sink: RecordSink): void {
  const left = ring.head - ring.tail;
  if (left < 8) {
    ring.nextTime = Infinity;
    return;
  }
  const mask = ring.data.length - 1;
  const at = (ring.tail / 4) & mask;
  const size = ring.data[at + 1] >>> 16;
  if (size < 8 || (size & 7) !== 0 || size > left) {
    ring.tail = ring.head;
    ring.nextTime = Infinity;
    sink.corrupt();
    return;
  }
  const words = size >>> 2;
  if (at + words <= ring.data.length) {
    ring.words = ring.data;
    ring.at = at;
  } else {
    const first = ring.data.length - at;
    scratch.set(ring.data.subarray(at), 0);
    scratch.set(ring.data.subarray(0, words - first), first);
    ring.words = scratch.slice(0, words);
    ring.at = 0;
  }
  ring.nextTime = recordTime(ring.words, ring.at, layout);
}

/** A record is stamped before it is published: what is younger than this, in ns, may still be on its way elsewhere. */
export const SETTLE_NS = 1e6;

/** Index of `data_head` and `data_tail` in 64-bit words: bytes 1024 and 1032. */
const DATA_HEAD = 128;
const DATA_TAIL = 129;
/** A record's size is 16 bits. */
const scratch = new Uint32Array(1 << 14);
