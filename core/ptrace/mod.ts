/** Looking at threads through ptrace(2). @module */
export { RECORD_KIND, SAMPLE_RECORD, THREAD_STATE } from "./sample_record.ts";
export { type TraceRequest, traceSamples, type TraceSummary } from "./trace_samples.ts";
export { type CallFilter, parseCallFilter } from "./call_filter.ts";
export {
  type CallTrace,
  type CallTraceRequest,
  type CallTraceSummary,
  COUNTS_ONLY,
  traceCalls,
} from "./trace_calls.ts";
export type { CallCount } from "./_count_sink.ts";
export type { LineTimes } from "./_line_prefix.ts";
export type { ProcessInstructions, StretchInstructions } from "./_step_tracer.ts";
