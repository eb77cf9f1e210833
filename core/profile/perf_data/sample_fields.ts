import { u64At } from "../../perf/mod.ts";
import { FIELD, READ_FORMAT } from "./_abi.ts";
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
  /** Counter values, laid out as read_format says. */
  read: number;
  /** First entry of the call chain, two words each. */
  chain: number;
  chainEntries: number;
  /** Bytes follow. */
  raw: number;
  rawSize: number;
  /** The hardware's index of the youngest branch; -1 when not recorded. */
  branchIndex: number;
  /** First branch, six words each, youngest first. */
  branches: number;
  branchEntries: number;
  /** First register, two words each in the order of the mask's bits; -1 when the thread had none (a kernel thread). */
  userRegisters: number;
  /** 0: none, 1: of 32 bits, 2: of 64 bits. */
  userAbi: number;
  /** First word of the copy of the stack. */
  userStack: number;
  /** Bytes of it that were copied. */
  userStackSize: number;
  weight: number;
  dataSource: number;
  transaction: number;
  interruptRegisters: number;
  physicalAddress: number;
  aux: number;
  auxSize: number;
  cgroup: number;
  dataPageSize: number;
  codePageSize: number;
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
    read: -1,
    chain: -1,
    chainEntries: 0,
    raw: -1,
    rawSize: 0,
    branchIndex: -1,
    branches: -1,
    branchEntries: 0,
    userRegisters: -1,
    userAbi: 0,
    userStack: -1,
    userStackSize: 0,
    weight: -1,
    dataSource: -1,
    transaction: -1,
    interruptRegisters: -1,
    physicalAddress: -1,
    aux: -1,
    auxSize: 0,
    cgroup: -1,
    dataPageSize: -1,
    codePageSize: -1,
  };
}

/** Fills the fields from a sample's record; false when the record is broken. */
export type SampleDecoder = (words: Uint32Array, at: number, into: SampleFields) => boolean;

/**
 * A decoder of the samples of one event, in the order that perf_event_open(2) gives under "PERF_RECORD_SAMPLE".
 *
 * Fields behind one that we do not know are left out: the kernel appends new ones, so that all we know come first.
 */
export function sampleDecoder(attr: RecordedAttr): SampleDecoder {
  const type = attr.sampleType;
  const on = (flag: number): boolean => (type & flag) !== 0;
  let fixed = 2;
  const take = (flag: number): number => {
    if (!on(flag)) return -1;
    fixed += 2;
    return fixed - 2;
  };
  const identifier = take(FIELD.IDENTIFIER);
  const ip = take(FIELD.IP);
  const pid = take(FIELD.TID);
  const time = take(FIELD.TIME);
  const addr = take(FIELD.ADDR);
  const id = take(FIELD.ID);
  const streamId = take(FIELD.STREAM_ID);
  const cpu = take(FIELD.CPU);
  const period = take(FIELD.PERIOD);
  const length = fixed;
  const reads = readLayout(attr.readFormat);
  const chains = on(FIELD.CALLCHAIN);
  const raws = on(FIELD.RAW);
  const branches = on(FIELD.BRANCH_STACK);
  const weights = (type & (FIELD.WEIGHT | FIELD.WEIGHT_STRUCT)) !== 0;

  return (words, at, s) => {
    const end = at + (words[at + 1] >>> 18);
    if (at + length > end || end > words.length) return false;
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
    let p = at + length;

    s.read = -1;
    if (on(FIELD.READ)) {
      s.read = p;
      p += reads(words, p, end);
      if (p > end) return false;
    }
    s.chain = -1;
    s.chainEntries = 0;
    if (chains) {
      if (p + 2 > end) return false;
      const n = words[p];
      if (words[p + 1] !== 0 || n > (end - p - 2) / 2) return false;
      s.chain = p + 2;
      s.chainEntries = n;
      p += 2 + n * 2;
    }
    s.raw = -1;
    s.rawSize = 0;
    if (raws) {
      if (p + 1 > end) return false;
      const size = words[p];
      // Size and data together fill 8-byte words.
      const step = Math.ceil((size + 4) / 8) * 2;
      if (p + step > end) return false;
      s.raw = p + 1;
      s.rawSize = size;
      p += step;
    }
    s.branchIndex = s.branches = -1;
    s.branchEntries = 0;
    if (branches) {
      if (p + 2 > end) return false;
      const n = words[p];
      if (words[p + 1] !== 0) return false;
      p += 2;
      if (attr.branchHwIndex) {
        s.branchIndex = p;
        p += 2;
      }
      if (p > end || n > (end - p) / 6) return false;
      s.branches = p;
      s.branchEntries = n;
      p += n * 6;
      if (attr.branchCounters) p += n * 2;
      if (p > end) return false;
    }
    s.userRegisters = -1;
    s.userAbi = 0;
    if (on(FIELD.REGS_USER)) {
      if (p + 2 > end) return false;
      s.userAbi = words[p];
      p += 2;
      if (s.userAbi !== 0) {
        s.userRegisters = p;
        p += attr.userRegisters * 2;
        if (p > end) return false;
      }
    }
    s.userStack = -1;
    s.userStackSize = 0;
    if (on(FIELD.STACK_USER)) {
      if (p + 2 > end) return false;
      const size = words[p];
      if (words[p + 1] !== 0 || (size & 7) !== 0) return false;
      p += 2;
      if (size > 0) {
        if (size / 4 + 2 > end - p) return false;
        const used = words[p + size / 4];
        if (used > size || words[p + size / 4 + 1] !== 0) return false;
        s.userStack = p;
        s.userStackSize = used;
        p += size / 4 + 2;
      }
    }
    s.weight = -1;
    if (weights) {
      s.weight = p;
      p += 2;
    }
    s.dataSource = -1;
    if (on(FIELD.DATA_SRC)) {
      s.dataSource = p;
      p += 2;
    }
    s.transaction = -1;
    if (on(FIELD.TRANSACTION)) {
      s.transaction = p;
      p += 2;
    }
    s.interruptRegisters = -1;
    if (on(FIELD.REGS_INTR)) {
      if (p + 2 > end) return false;
      const abi = words[p];
      p += 2;
      if (abi !== 0) {
        s.interruptRegisters = p;
        p += attr.interruptRegisters * 2;
      }
    }
    s.physicalAddress = -1;
    if (on(FIELD.PHYS_ADDR)) {
      s.physicalAddress = p;
      p += 2;
    }
    // The kernel writes these three before AUX (perf_output_sample), whose bit is lower than theirs.
    s.cgroup = -1;
    if (on(FIELD.CGROUP)) {
      s.cgroup = p;
      p += 2;
    }
    s.dataPageSize = -1;
    if (on(FIELD.DATA_PAGE_SIZE)) {
      s.dataPageSize = p;
      p += 2;
    }
    s.codePageSize = -1;
    if (on(FIELD.CODE_PAGE_SIZE)) {
      s.codePageSize = p;
      p += 2;
    }
    s.aux = -1;
    s.auxSize = 0;
    if (on(FIELD.AUX)) {
      if (p + 2 > end) return false;
      const size = words[p];
      if (words[p + 1] !== 0 || size / 4 > end - p - 2) return false;
      s.aux = p + 2;
      s.auxSize = size;
      p += 2 + Math.ceil(size / 8) * 2;
    }
    return p <= end;
  };
}

/** Words that counter values take (perf_event_open(2), "Reading results"). */
function readLayout(format: number): (words: Uint32Array, at: number, end: number) => number {
  const times = bit(format, READ_FORMAT.TOTAL_TIME_ENABLED) + bit(format, READ_FORMAT.TOTAL_TIME_RUNNING);
  const each = 1 + bit(format, READ_FORMAT.ID) + bit(format, READ_FORMAT.LOST);
  if ((format & READ_FORMAT.GROUP) === 0) return () => (times + each) * 2;
  return (words, at, end) => {
    if (at + 2 > end || words[at + 1] !== 0) return Infinity;
    return (1 + times + words[at] * each) * 2;
  };
}

function bit(format: number, flag: number): number {
  return (format & flag) !== 0 ? 1 : 0;
}
