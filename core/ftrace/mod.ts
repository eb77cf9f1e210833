/** Tracing by tracefs: private instances, the function tracers, the kernel's trace buffers in their binary form. @module */
export { type BufferStats, parseBufferStats } from "./buffer_stats.ts";
export { type CallSums, type CallTimes, createCallSums } from "./call_times.ts";
export { type ControlMode, readControl, readControlOrNull, writeControl } from "./control_file.ts";
export { decodePage, type PageSink } from "./decode_page.ts";
export type { FunctionRequest, GraphCall, GraphRequest } from "./function_request.ts";
export { parseTraceableFunctions, type TraceableFunction, traceableFunctions } from "./kernel_function_names.ts";
export { removeLeftovers } from "./leftovers.ts";
export { checkPatterns, globOf, unmatched } from "./match_functions.ts";
export { ownerName, parseOwnerName, type TraceOwner } from "./owner_name.ts";
export { knowsEventHeads, type PageFormat, parsePageFormat } from "./page_format.ts";
export { COMMON, type FieldReader, openRecordReader, type RecordReader } from "./record_reader.ts";
export { thisOwner } from "./this_owner.ts";
export { TraceDataError } from "./trace_data_error.ts";
export { type FunctionCalls, type FunctionTrace, traceFunctions } from "./trace_functions.ts";
export { type GraphTrace, traceGraph } from "./trace_graph.ts";
export { openTraceInstance, type TraceInstance } from "./trace_instance.ts";
export { openTraceReader, type TraceReader, type TraceSink } from "./trace_reader.ts";
export {
  argumentRegisters,
  type DefinedProbes,
  defineProbes,
  type ProbeDefinition,
  VALUES_AT,
} from "./define_probes.ts";
