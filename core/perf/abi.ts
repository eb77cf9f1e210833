/** Numbers of the perf_event interface (include/uapi/linux/perf_event.h, perf_event_open(2)). */

/** `perf_event_attr.type`. */
export const PERF_TYPE = { HARDWARE: 0, SOFTWARE: 1, TRACEPOINT: 2, HW_CACHE: 3, RAW: 4, BREAKPOINT: 5 } as const;

/** `perf_event_attr.config` of hardware events. */
export const HW = {
  CPU_CYCLES: 0,
  INSTRUCTIONS: 1,
  CACHE_REFERENCES: 2,
  CACHE_MISSES: 3,
  BRANCH_INSTRUCTIONS: 4,
  BRANCH_MISSES: 5,
  BUS_CYCLES: 6,
  STALLED_CYCLES_FRONTEND: 7,
  STALLED_CYCLES_BACKEND: 8,
  REF_CPU_CYCLES: 9,
} as const;

/** `perf_event_attr.config` of software events. */
export const SW = {
  CPU_CLOCK: 0,
  TASK_CLOCK: 1,
  PAGE_FAULTS: 2,
  CONTEXT_SWITCHES: 3,
  CPU_MIGRATIONS: 4,
  PAGE_FAULTS_MIN: 5,
  PAGE_FAULTS_MAJ: 6,
  ALIGNMENT_FAULTS: 7,
  EMULATION_FAULTS: 8,
  DUMMY: 9,
} as const;

/** Bits of `perf_event_attr.sample_type`, which say what a sample holds and in this order. */
export const SAMPLE = {
  IP: 1 << 0,
  TID: 1 << 1,
  TIME: 1 << 2,
  ADDR: 1 << 3,
  READ: 1 << 4,
  CALLCHAIN: 1 << 5,
  ID: 1 << 6,
  CPU: 1 << 7,
  PERIOD: 1 << 8,
  STREAM_ID: 1 << 9,
  RAW: 1 << 10,
  BRANCH_STACK: 1 << 11,
  REGS_USER: 1 << 12,
  STACK_USER: 1 << 13,
  WEIGHT: 1 << 14,
  DATA_SRC: 1 << 15,
  IDENTIFIER: 1 << 16,
  TRANSACTION: 1 << 17,
  REGS_INTR: 1 << 18,
  PHYS_ADDR: 1 << 19,
  AUX: 1 << 20,
  CGROUP: 1 << 21,
  DATA_PAGE_SIZE: 1 << 22,
  CODE_PAGE_SIZE: 1 << 23,
  WEIGHT_STRUCT: 1 << 24,
} as const;

/** Bits of `perf_event_attr.branch_sample_type`: which branches, from which code, and what is told of them. */
export const BRANCH = {
  USER: 1 << 0,
  KERNEL: 1 << 1,
  HV: 1 << 2,
  ANY: 1 << 3,
  ANY_CALL: 1 << 4,
  ANY_RETURN: 1 << 5,
  IND_CALL: 1 << 6,
  /** The calls that have not returned yet, where the processor keeps them: Intel's LBR since Haswell. */
  CALL_STACK: 1 << 11,
  /** A word before the entries says where the newest lay in the hardware. */
  HW_INDEX: 1 << 17,
  /** Words after the entries count events between them. */
  COUNTERS: 1 << 19,
} as const;

/** `enum perf_sample_regs_abi`: of what width the registers in a sample are. */
export const REGS_ABI = { NONE: 0, BITS_32: 1, BITS_64: 2 } as const;

/** `perf_event_header.type`. */
export const RECORD = {
  MMAP: 1,
  LOST: 2,
  COMM: 3,
  EXIT: 4,
  THROTTLE: 5,
  UNTHROTTLE: 6,
  FORK: 7,
  SAMPLE: 9,
  MMAP2: 10,
  LOST_SAMPLES: 13,
} as const;

/** Bits of `perf_event_header.misc`. */
export const MISC = { COMM_EXEC: 1 << 13, MMAP_BUILD_ID: 1 << 14 } as const;

/**
 * Call chains hold markers among the addresses: the entries after one ran in that context. As signed numbers; the
 * kernel writes them as 64-bit values close to 2^64.
 */
export const CONTEXT = { HV: -32, KERNEL: -128, USER: -512, GUEST: -2048, MAX: -4095 } as const;

/**
 * Bits of `perf_event_attr.read_format`: what read(2), and samples with READ, tell beside the count. LOST is there since
 * Linux 6.0.
 */
export const FORMAT = {
  TOTAL_TIME_ENABLED: 1 << 0,
  TOTAL_TIME_RUNNING: 1 << 1,
  ID: 1 << 2,
  GROUP: 1 << 3,
  LOST: 1 << 4,
} as const;

/** `ioctl(2)` requests: `_IO('$', n)`, but `_IOW('$', 4, __u64)` for PERIOD (with frequency: samples a second) and
 * `_IOR('$', 7, __u64 *)` for ID. */
export const IOC = {
  ENABLE: 0x2400,
  DISABLE: 0x2401,
  RESET: 0x2403,
  PERIOD: 0x40082404,
  SET_OUTPUT: 0x2405,
  ID: 0x80082407,
} as const;

/** The kernel's default limit on frames in a call chain (sysctl kernel.perf_event_max_stack). */
export const DEFAULT_MAX_STACK = 127;
