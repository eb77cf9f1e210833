import type { AnalyzerEntry } from "./analyzer.ts";
import { memoryAllocTrace } from "./memory_alloc_trace.ts";
import { futexContention } from "./futex_contention.ts";
import { pageFaultTrace } from "./page_fault_trace.ts";
import { diskIoLatency } from "./disk_io_latency.ts";
import { schedLatency } from "./sched_latency.ts";
import { syscallCount } from "./syscall_count.ts";

/** Every analyzer, a line each. */
export const ANALYZERS: readonly AnalyzerEntry[] = [
  memoryAllocTrace,
  pageFaultTrace,
  diskIoLatency,
  schedLatency,
  futexContention,
  syscallCount,
];
