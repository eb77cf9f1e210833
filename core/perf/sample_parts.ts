import { BRANCH, FORMAT, REGS_ABI, SAMPLE } from "./abi.ts";

/** Of the event's attributes, what decides where things lie in a sample. */
export interface SamplePartsOptions {
  readonly sampleType: number;
  /** Bits of {@linkcode FORMAT}. */
  readonly readFormat?: number;
  /** Masks of registers: all 64 bits as a bigint. */
  readonly sampleRegsUser?: number | bigint;
  readonly sampleRegsIntr?: number | bigint;
  readonly branchSampleType?: number;
}

/**
 * Where the parts of a sample lie that have no fixed place: indexes of 32-bit words in the buffer of the sample, -1 for what
 * it does not hold. One object, filled anew by each {@linkcode SampleParts.locate}.
 */
export interface SampleParts {
  /** Counter values, laid out as `read_format` says. */
  read: number;
  /** First entry of the call chain (64 bits each), and how many there are. */
  chain: number;
  chainEntries: number;
  /** Raw data, and its size in bytes. Its first word may stand at an odd index. */
  raw: number;
  rawBytes: number;
  /** Where the newest branch lay in the hardware. */
  branchIndex: number;
  /** First branch (from, to, flags: 64 bits each), newest first, and how many there are. */
  branches: number;
  branchEntries: number;
  /** First user register (64 bits each, in the order of the mask's bits); -1 when the task has no user part. */
  regsUser: number;
  /** One of {@linkcode REGS_ABI}. */
  regsUserAbi: number;
  /** The copy of the user stack, and how many bytes of it are real. */
  stack: number;
  stackBytes: number;
  /** How many bytes were asked for: more than `stackBytes` where the stack ended first, or its pages were not there. */
  stackAsked: number;
  weight: number;
  dataSource: number;
  transaction: number;
  regsIntr: number;
  regsIntrAbi: number;
  physicalAddress: number;
  cgroup: number;
  dataPageSize: number;
  codePageSize: number;
  aux: number;
  auxBytes: number;
  /**
   * Finds the parts of one sample; nothing is allocated. Parts that we do not know come after all that we know: the kernel
   * appends new ones.
   *
   * @param words holds the sample
   * @param at index of its header
   * @returns false when the parts do not fit into the record: what was found before is right, the rest is -1
   */
  locate(words: Uint32Array, at: number): boolean;
}

/** A reader of samples, in the order of perf_output_sample (kernel/events/core.c; perf_event_open(2), PERF_RECORD_SAMPLE). */
export function samplePartsReader(options: SamplePartsOptions): SampleParts {
  const { sampleType } = options;
  const on = (flag: number): boolean => (sampleType & flag) !== 0;
  const fixed = [
        SAMPLE.IDENTIFIER,
        SAMPLE.IP,
        SAMPLE.TID,
        SAMPLE.TIME,
        SAMPLE.ADDR,
        SAMPLE.ID,
        SAMPLE.STREAM_ID,
        SAMPLE.CPU,
        SAMPLE.PERIOD,
      ].filter(on).length * 2 + 2;
  const hasRead = on(SAMPLE.READ), readWords = readLayout(options.readFormat ?? 0);
  const hasChain = on(SAMPLE.CALLCHAIN), hasRaw = on(SAMPLE.RAW), hasBranches = on(SAMPLE.BRANCH_STACK);
  const hasRegs = on(SAMPLE.REGS_USER), hasStack = on(SAMPLE.STACK_USER), hasIntr = on(SAMPLE.REGS_INTR);
  const hasAux = on(SAMPLE.AUX);
  const branchIndex = ((options.branchSampleType ?? 0) & BRANCH.HW_INDEX) !== 0 ? 2 : 0;
  const branchCounters = ((options.branchSampleType ?? 0) & BRANCH.COUNTERS) !== 0 ? 2 : 0;
  const userWords = bits(options.sampleRegsUser ?? 0) * 2;
  const intrWords = bits(options.sampleRegsIntr ?? 0) * 2;
  const weight = on(SAMPLE.WEIGHT) || on(SAMPLE.WEIGHT_STRUCT), dataSource = on(SAMPLE.DATA_SRC);
  const transaction = on(SAMPLE.TRANSACTION), physicalAddress = on(SAMPLE.PHYS_ADDR), cgroup = on(SAMPLE.CGROUP);
  const dataPageSize = on(SAMPLE.DATA_PAGE_SIZE), codePageSize = on(SAMPLE.CODE_PAGE_SIZE);

  // The state of one call, out here so that a call makes no closure.
  let at = 0;
  let end = 0;
  let fits = true;
  const take = (wanted: boolean): number => {
    if (!wanted || !fits) return -1;
    if (at + 2 > end) {
      fits = false;
      return -1;
    }
    at += 2;
    return at - 2;
  };

  const parts: SampleParts = {
    ...NOTHING,
    locate(words, start) {
      reset(parts);
      end = start + (words[start + 1] >>> 18);
      at = start + fixed;
      if (at > end || end > words.length) return false;
      if (hasRead) {
        const n = readWords(words, at, end);
        if (n > end - at) return false;
        parts.read = at;
        at += n;
      }
      if (hasChain) {
        if (at + 2 > end) return false;
        const n = words[at];
        if (words[at + 1] !== 0 || n > (end - at - 2) >>> 1) return false;
        parts.chain = at + 2;
        parts.chainEntries = n;
        at += 2 + n * 2;
      }
      fits = true;
      if (hasRaw) {
        if (at + 1 > end) return false;
        const bytes = words[at];
        // The size is 32 bits and counts the padding: together they are a multiple of 8.
        const taken = Math.ceil((bytes + 4) / 8) * 2;
        if (taken > end - at) return false;
        parts.raw = at + 1;
        parts.rawBytes = bytes;
        at += taken;
      }
      if (hasBranches) {
        if (at + 2 > end) return false;
        const n = words[at];
        if (words[at + 1] !== 0 || n > (end - at - 2 - branchIndex) / (6 + branchCounters)) return false;
        if (branchIndex > 0) parts.branchIndex = at + 2;
        parts.branches = at + 2 + branchIndex;
        parts.branchEntries = n;
        at += 2 + branchIndex + n * (6 + branchCounters);
      }
      if (hasRegs) {
        if (at + 2 > end) return false;
        const abi = words[at];
        parts.regsUserAbi = abi;
        at += 2;
        if (abi !== REGS_ABI.NONE) {
          if (at + userWords > end) return false;
          parts.regsUser = at;
          at += userWords;
        }
      }
      if (hasStack) {
        if (at + 2 > end) return false;
        const bytes = words[at];
        if (words[at + 1] !== 0 || (bytes & 7) !== 0) return false;
        at += 2;
        if (bytes !== 0) {
          const words32 = bytes >>> 2;
          if (words32 > end - at - 2) return false;
          const real = words[at + words32];
          if (real > bytes || words[at + words32 + 1] !== 0) return false;
          parts.stack = at;
          parts.stackAsked = bytes;
          parts.stackBytes = real;
          at += words32 + 2;
        }
      }
      parts.weight = take(weight);
      parts.dataSource = take(dataSource);
      parts.transaction = take(transaction);
      if (hasIntr && fits) {
        if (at + 2 > end) return false;
        const abi = words[at];
        parts.regsIntrAbi = abi;
        at += 2;
        if (abi !== REGS_ABI.NONE) {
          if (at + intrWords > end) return false;
          parts.regsIntr = at;
          at += intrWords;
        }
      }
      parts.physicalAddress = take(physicalAddress);
      parts.cgroup = take(cgroup);
      parts.dataPageSize = take(dataPageSize);
      parts.codePageSize = take(codePageSize);
      if (hasAux && fits) {
        if (at + 2 > end) return false;
        const bytes = words[at];
        if (words[at + 1] !== 0 || bytes > (end - at - 2) * 4) return false;
        parts.aux = at + 2;
        parts.auxBytes = bytes;
        at += 2 + Math.ceil(bytes / 8) * 2;
      }
      return fits;
    },
  };
  return parts;
}

const NOTHING = {
  read: -1,
  chain: -1,
  chainEntries: 0,
  raw: -1,
  rawBytes: 0,
  branchIndex: -1,
  branches: -1,
  branchEntries: 0,
  regsUser: -1,
  regsUserAbi: REGS_ABI.NONE as number,
  stack: -1,
  stackBytes: 0,
  stackAsked: 0,
  weight: -1,
  dataSource: -1,
  transaction: -1,
  regsIntr: -1,
  regsIntrAbi: REGS_ABI.NONE as number,
  physicalAddress: -1,
  cgroup: -1,
  dataPageSize: -1,
  codePageSize: -1,
  aux: -1,
  auxBytes: 0,
};

/** As in NOTHING, written out: this runs for every sample. */
function reset(parts: SampleParts): void {
  parts.read = -1;
  parts.chain = -1;
  parts.chainEntries = 0;
  parts.raw = -1;
  parts.rawBytes = 0;
  parts.branchIndex = -1;
  parts.branches = -1;
  parts.branchEntries = 0;
  parts.regsUser = -1;
  parts.regsUserAbi = REGS_ABI.NONE;
  parts.stack = -1;
  parts.stackBytes = 0;
  parts.stackAsked = 0;
  parts.weight = -1;
  parts.dataSource = -1;
  parts.transaction = -1;
  parts.regsIntr = -1;
  parts.regsIntrAbi = REGS_ABI.NONE;
  parts.physicalAddress = -1;
  parts.cgroup = -1;
  parts.dataPageSize = -1;
  parts.codePageSize = -1;
  parts.aux = -1;
  parts.auxBytes = 0;
}

/** Words that counter values take (perf_event_open(2), "Reading results"); Infinity where they cannot be. */
function readLayout(format: number): (words: Uint32Array, at: number, end: number) => number {
  const bit = (flag: number): number => (format & flag) !== 0 ? 1 : 0;
  const times = bit(FORMAT.TOTAL_TIME_ENABLED) + bit(FORMAT.TOTAL_TIME_RUNNING);
  const each = 1 + bit(FORMAT.ID) + bit(FORMAT.LOST);
  if (!bit(FORMAT.GROUP)) return () => (times + each) * 2;
  return (words, at, end) => {
    if (at + 2 > end || words[at + 1] !== 0) return Infinity;
    return (1 + times + words[at] * each) * 2;
  };
}

/** Number of bits set in a mask. */
function bits(mask: number | bigint): number {
  let n = 0;
  for (let rest = BigInt.asUintN(64, BigInt(mask)); rest > 0n; rest >>= 1n) n += Number(rest & 1n);
  return n;
}
