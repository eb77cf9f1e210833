import type { AnalyzerEntry } from "./analyzer.ts";
import { lockContention } from "./lock_contention.ts";
import { memoryAllocTrace } from "./memory_alloc_trace.ts";
import { futexContention } from "./futex_contention.ts";
import { pageFaultTrace } from "./page_fault_trace.ts";
import { diskIoLatency } from "./disk_io_latency.ts";
import { schedLatency } from "./sched_latency.ts";
import { syscallCount } from "./syscall_count.ts";
import { tcpLatency } from "./tcp_latency.ts";

/** Every analyzer, a line each. */
export const ANALYZERS: readonly AnalyzerEntry[] = [
  lockContention,
  memoryAllocTrace,
  pageFaultTrace,
  diskIoLatency,
  schedLatency,
  futexContention,
  syscallCount,
  tcpLatency,
];
