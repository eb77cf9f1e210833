import { SAMPLE } from "./abi.ts";

/** Where the fields of a sample lie, in 32-bit words from its header; -1 for those it does not hold. */
export interface SampleLayout {
  readonly ip: number;
  /** Process id; the thread's id is in the next word. */
  readonly pid: number;
  /** Low word first. */
  readonly time: number;
  readonly cpu: number;
  readonly period: number;
  /** Number of entries (64 bits), then the entries, leaf first. */
  readonly callchain: number;
  /** Size of the raw data in bytes (32 bits), then the data; where a call chain comes before it, that of an empty one. */
  readonly raw: number;
  /** Words that every record but samples ends with (`sample_id_all`). */
  readonly trailer: number;
  /** Words from a record's end back to the trailer's time, or -1. */
  readonly trailerTime: number;
}

/**
 * The layout that a `sample_type` gives.
 *
 * What follows the call chain has another place in each sample: {@linkcode samplePartsReader} finds it.
 *
 * @param sampleType bits of {@linkcode SAMPLE}; READ is not supported
 */
export function sampleLayout(sampleType: number): SampleLayout {
  const on = (flag: number): boolean => (sampleType & flag) !== 0;
  let at = 2;
  const take = (flag: number): number => {
    if (!on(flag)) return -1;
    at += 2;
    return at - 2;
  };
  take(SAMPLE.IDENTIFIER);
  const ip = take(SAMPLE.IP);
  const pid = take(SAMPLE.TID);
  const time = take(SAMPLE.TIME);
  take(SAMPLE.ADDR);
  take(SAMPLE.ID);
  take(SAMPLE.STREAM_ID);
  const cpu = take(SAMPLE.CPU);
  const period = take(SAMPLE.PERIOD);
  if (on(SAMPLE.READ)) throw new RangeError("Samples with counter values are not supported");
  const callchain = take(SAMPLE.CALLCHAIN);
  const raw = on(SAMPLE.RAW) ? at : -1;
  // Trailer: TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER, each 8 bytes.
  const after = [SAMPLE.ID, SAMPLE.STREAM_ID, SAMPLE.CPU, SAMPLE.IDENTIFIER].filter(on).length * 2;
  const timed = on(SAMPLE.TIME) ? 2 : 0;
  return {
    ip,
    pid,
    time,
    cpu,
    period,
    callchain,
    raw,
    trailer: (on(SAMPLE.TID) ? 2 : 0) + timed + after,
    trailerTime: timed ? timed + after : -1,
  };
}

/** A 64-bit value of a record as a double: exact up to 2^53. */
export function u64At(words: Uint32Array, at: number): number {
  return words[at + 1] * 4294967296 + words[at];
}
