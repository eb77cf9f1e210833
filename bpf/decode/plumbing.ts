import type { Frame } from "../../core/data/mod.ts";
import { UNKNOWN } from "../../core/symbols/mod.ts";

/** The kernel's own machinery between the event and the program, on top of every kernel stack that it takes. */
const PLUMBING =
  /^(__?bpf_|bpf_|__traceiter_|trace_call_bpf|perf_trace_|perf_call_bpf|__perf_event|kprobe_|uprobe_|ftrace_)/;

/** Whether a frame of a kernel stack lies between the event and the program that took the stack. */
export function isPlumbing(f: Frame): boolean {
  return f.module === "bpf" || f.function === UNKNOWN || f.function.startsWith("bpf_prog_") ||
    PLUMBING.test(f.function);
}
