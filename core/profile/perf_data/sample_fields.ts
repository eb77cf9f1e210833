import { SAMPLE, type SampleParts, samplePartsReader, u64At } from "../../perf/mod.ts";
import type { RecordedAttr } from "./recorded_attr.ts";

/**
 * A decoded sample: numbers, and where in `words` the longer parts lie (index of a 32-bit word, -1 when absent). One
 * object, filled again for each sample.
 */
export interface SampleFields {
  words: Uint32Array;
  /** Low three bits of the record's `misc`: in which mode the CPU was. */
  cpuMode: number;
  /** The word of a 64-bit value. */
  ip: number;
  /** Signed. */
  pid: number;
  tid: number;
  time: number;
  addr: number;
  id: number;
  streamId: number;
  /** -1 when not recorded. */
  cpu: number;
  /** Events since the last sample; 1 when not recorded. */
  period: number;
  /** What has no fixed place. */
  parts: SampleParts;
}

/** An empty one. */
export function sampleFields(): SampleFields {
  return {
    words: new Uint32Array(0),
    cpuMode: 0,
    ip: -1,
    pid: -1,
    tid: -1,
    time: -1,
    addr: -1,
    id: -1,
    streamId: -1,
    cpu: -1,
    period: 1,
    parts: samplePartsReader({ sampleType: 0 }),
  };
}

/** Fills the fields from a sample's record; false when the record is broken. */
export type SampleDecoder = (words: Uint32Array, at: number, into: SampleFields) => boolean;

/** A decoder of the samples of one event, in the order that perf_event_open(2) gives under "PERF_RECORD_SAMPLE". */
export function sampleDecoder(attr: RecordedAttr): SampleDecoder {
  const type = attr.sampleType;
  let fixed = 2;
  const take = (flag: number): number => {
    if ((type & flag) === 0) return -1;
    fixed += 2;
    return fixed - 2;
  };
  const identifier = take(SAMPLE.IDENTIFIER);
  const ip = take(SAMPLE.IP);
  const pid = take(SAMPLE.TID);
  const time = take(SAMPLE.TIME);
  const addr = take(SAMPLE.ADDR);
  const id = take(SAMPLE.ID);
  const streamId = take(SAMPLE.STREAM_ID);
  const cpu = take(SAMPLE.CPU);
  const period = take(SAMPLE.PERIOD);
  const parts = samplePartsReader({
    sampleType: type,
    readFormat: attr.readFormat,
    sampleRegsUser: attr.userRegisters,
    sampleRegsIntr: attr.interruptRegisters,
    branchSampleType: attr.branchSampleType,
  });

  return (words, at, s) => {
    if (!parts.locate(words, at)) return false;
    s.parts = parts;
    s.words = words;
    s.cpuMode = words[at + 1] & 7;
    s.ip = ip < 0 ? -1 : at + ip;
    if (pid >= 0) {
      s.pid = words[at + pid] | 0;
      s.tid = words[at + pid + 1] | 0;
    } else s.pid = s.tid = -1;
    s.time = time < 0 ? -1 : at + time;
    s.addr = addr < 0 ? -1 : at + addr;
    s.id = identifier >= 0 ? at + identifier : id >= 0 ? at + id : -1;
    s.streamId = streamId < 0 ? -1 : at + streamId;
    s.cpu = cpu < 0 ? -1 : words[at + cpu];
    s.period = period < 0 ? 1 : u64At(words, at + period);
    return true;
  };
}
