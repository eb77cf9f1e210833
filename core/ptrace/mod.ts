/** Looking at threads through ptrace(2). @module */
export { RECORD_KIND, SAMPLE_RECORD, THREAD_STATE } from "./sample_record.ts";
export { type TraceRequest, traceSamples, type TraceSummary } from "./trace_samples.ts";
