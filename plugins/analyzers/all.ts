import type { AnalyzerEntry } from "./analyzer.ts";
import { diskIoLatency } from "./disk_io_latency.ts";
import { schedLatency } from "./sched_latency.ts";
import { tcpLatency } from "./tcp_latency.ts";

/** Every analyzer, a line each. */
export const ANALYZERS: readonly AnalyzerEntry[] = [
  diskIoLatency,
  schedLatency,
  tcpLatency,
];
