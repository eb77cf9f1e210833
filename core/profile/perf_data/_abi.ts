/**
 * Numbers of perf.data files beyond those of the rings (tools/perf/Documentation/perf.data-file-format.txt,
 * tools/lib/perf/include/perf/event.h, include/uapi/linux/perf_event.h).
 */

/** Bits of `perf_event_attr.sample_type`, all of them. */
export const FIELD = {
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

/** Bits of `perf_event_attr.read_format`. */
export const READ_FORMAT = {
  TOTAL_TIME_ENABLED: 1 << 0,
  TOTAL_TIME_RUNNING: 1 << 1,
  ID: 1 << 2,
  GROUP: 1 << 3,
  LOST: 1 << 4,
} as const;

/** Bits of `perf_event_attr.branch_sample_type`. */
export const BRANCH = { CALL_STACK: 1 << 11, HW_INDEX: 1 << 17, COUNTERS: 1 << 19 } as const;

/** Records of the kernel that rings hold and `core/perf` has no use for. */
export const KERNEL_RECORD = {
  MMAP: 1,
  READ: 8,
  AUX: 11,
  ITRACE_START: 12,
  SWITCH: 14,
  SWITCH_CPU_WIDE: 15,
  NAMESPACES: 16,
  KSYMBOL: 17,
  BPF_EVENT: 18,
  CGROUP: 19,
  TEXT_POKE: 20,
  AUX_OUTPUT_HW_ID: 21,
} as const;

/** Records that perf itself writes into the file. */
export const FILE_RECORD = {
  HEADER_ATTR: 64,
  HEADER_EVENT_TYPE: 65,
  HEADER_TRACING_DATA: 66,
  HEADER_BUILD_ID: 67,
  FINISHED_ROUND: 68,
  ID_INDEX: 69,
  AUXTRACE_INFO: 70,
  AUXTRACE: 71,
  AUXTRACE_ERROR: 72,
  EVENT_UPDATE: 78,
  HEADER_FEATURE: 80,
  COMPRESSED: 81,
  FINISHED_INIT: 82,
  COMPRESSED2: 83,
} as const;

/** The low three bits of `perf_event_header.misc`: in which mode the CPU was. */
export const CPU_MODE = { UNKNOWN: 0, KERNEL: 1, USER: 2, HYPERVISOR: 3, GUEST_KERNEL: 4, GUEST_USER: 5 } as const;

/** Number of the section of a feature (tools/perf/util/header.h). */
export const FEATURE = {
  BUILD_ID: 2,
  HOSTNAME: 3,
  OSRELEASE: 4,
  VERSION: 5,
  ARCH: 6,
  CMDLINE: 11,
  EVENT_DESC: 12,
  CLOCK_DATA: 29,
} as const;
