/** Commands of `bpf(2)` (include/uapi/linux/bpf.h, enum bpf_cmd). */
export const CMD = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  BTF_GET_FD_BY_ID: 19,
  BTF_GET_NEXT_ID: 23,
  MAP_LOOKUP_BATCH: 24,
  LINK_CREATE: 28,
  ENABLE_STATS: 32,
  ITER_CREATE: 33,
} as const;

/** Types of maps (enum bpf_map_type). */
export const MAP_TYPE = {
  hash: 1,
  array: 2,
  perf_event_array: 4,
  percpu_hash: 5,
  percpu_array: 6,
  stack_trace: 7,
  ringbuf: 27,
} as const;

/** Types of programs (enum bpf_prog_type). */
export const PROG_TYPE = {
  kprobe: 2,
  tracepoint: 5,
  xdp: 6,
  perf_event: 7,
  raw_tracepoint: 17,
  tracing: 26,
} as const;

/** Where programs are attached, for those kinds that tell it when they are loaded or linked (enum bpf_attach_type). */
export const ATTACH_TYPE = {
  TRACE_RAW_TP: 23,
  TRACE_FENTRY: 24,
  TRACE_FEXIT: 25,
  TRACE_ITER: 28,
  XDP: 37,
  TRACE_KPROBE_MULTI: 42,
  TRACE_UPROBE_MULTI: 48,
} as const;

/** A name as the kernel allows it for programs and maps: letters, digits, `_` and `.`, 15 at most. */
export function objectName(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  new TextEncoder().encodeInto(text.replace(/[^A-Za-z0-9_.]/g, "_").slice(0, 15), bytes);
  return bytes;
}
