/**
 * Numbers of perf.data files beyond those of the rings (tools/perf/Documentation/perf.data-file-format.txt,
 * tools/lib/perf/include/perf/event.h, include/uapi/linux/perf_event.h).
 */

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
