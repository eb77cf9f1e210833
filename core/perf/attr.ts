/** What is used of `struct perf_event_attr` (perf_event_open(2)). Absent numbers are 0, absent switches off. */
export interface PerfAttr {
  /** One of {@linkcode PERF_TYPE}, or a number from the kernel's list of event sources. */
  readonly type: number;
  readonly config: number | bigint;
  /** Samples a second; excludes `period`. */
  readonly frequencyHz?: number;
  /** Events between two samples. */
  readonly period?: number;
  /** Bits of {@linkcode SAMPLE}. */
  readonly sampleType?: number;
  readonly readFormat?: number;
  readonly disabled?: boolean;
  /** Starts to count when the task calls exec. */
  readonly enableOnExec?: boolean;
  /** More of the event's choice, as its source's `format` files say. */
  readonly config1?: bigint;
  readonly config2?: bigint;
  /** Count tasks that the target creates as well. */
  readonly inherit?: boolean;
  readonly excludeUser?: boolean;
  readonly excludeKernel?: boolean;
  readonly excludeHypervisor?: boolean;
  readonly excludeIdle?: boolean;
  /** Leave the kernel's, or the user's, part of call chains out. */
  readonly excludeCallchainKernel?: boolean;
  readonly excludeCallchainUser?: boolean;
  /** COMM records, marked when they come from an exec. */
  readonly comm?: boolean;
  /** MMAP2 records for executable mappings. */
  readonly mmap?: boolean;
  /** FORK and EXIT records. */
  readonly task?: boolean;
  /** Every record but samples ends with pid, time and so on. */
  readonly sampleIdAll?: boolean;
  /** Wake a poller when this many bytes are in the ring; 0 leaves it to the kernel. */
  readonly wakeupWatermark?: number;
  /** Take timestamps from this clock of clock_gettime(2); absent is the scheduler's clock. */
  readonly clockId?: number;
  /** Most frames in a call chain; 0 is the kernel's limit. */
  readonly maxStack?: number;
  /** Bits of {@linkcode BRANCH}, for samples that hold branches. */
  readonly branchSampleType?: number;
  /** Which user registers samples hold: bits by the kernel's numbers ({@linkcode userRegs}). */
  readonly sampleRegsUser?: number;
  /** Bytes of user stack that samples hold: a multiple of 8 below 65528. */
  readonly sampleStackUser?: number;
  /** Which registers of the interrupted code, be it the kernel's, samples hold. */
  readonly sampleRegsIntr?: number;
}

/** PERF_ATTR_SIZE_VER5, of Linux 4.1: all we use, and accepted by every later kernel. */
const SIZE = 112;

/** Lays the attributes out as the kernel reads them. */
export function encodeAttr(a: PerfAttr): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE);
  const v = new DataView(bytes.buffer);
  v.setUint32(0, a.type, true);
  v.setUint32(4, SIZE, true);
  v.setBigUint64(8, BigInt(a.config), true);
  v.setBigUint64(16, BigInt(a.frequencyHz ?? a.period ?? 0), true);
  v.setBigUint64(24, BigInt(a.sampleType ?? 0), true);
  v.setBigUint64(32, BigInt(a.readFormat ?? 0), true);
  let low = 0;
  const bit = (n: number, on: boolean | undefined): void => {
    if (on) low |= 1 << n;
  };
  bit(0, a.disabled);
  bit(1, a.inherit);
  bit(4, a.excludeUser);
  bit(5, a.excludeKernel);
  bit(6, a.excludeHypervisor);
  bit(7, a.excludeIdle);
  bit(8, a.mmap);
  bit(9, a.comm);
  bit(12, a.enableOnExec);
  bit(10, a.frequencyHz !== undefined);
  bit(13, a.task);
  bit(14, a.wakeupWatermark !== undefined);
  bit(18, a.sampleIdAll);
  bit(21, a.excludeCallchainKernel);
  bit(22, a.excludeCallchainUser);
  bit(23, a.mmap); // mmap2
  bit(24, a.comm); // comm_exec
  bit(25, a.clockId !== undefined); // use_clockid
  v.setUint32(40, low >>> 0, true);
  v.setUint32(48, a.wakeupWatermark ?? 0, true);
  v.setBigUint64(56, a.config1 ?? 0n, true);
  v.setBigUint64(64, a.config2 ?? 0n, true);
  v.setBigUint64(72, BigInt(a.branchSampleType ?? 0), true);
  v.setBigUint64(80, BigInt(a.sampleRegsUser ?? 0), true);
  v.setUint32(88, a.sampleStackUser ?? 0, true);
  v.setInt32(92, a.clockId ?? 0, true);
  v.setBigUint64(96, BigInt(a.sampleRegsIntr ?? 0), true);
  v.setUint16(108, a.maxStack ?? 0, true);
  return bytes;
}
