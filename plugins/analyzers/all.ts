import type { AnalyzerEntry } from "./analyzer.ts";
import { memoryAllocTrace } from "./memory_alloc_trace.ts";
import { schedLatency } from "./sched_latency.ts";

/** Every analyzer, a line each. */
export const ANALYZERS: readonly AnalyzerEntry[] = [
  memoryAllocTrace,
  schedLatency,
];
