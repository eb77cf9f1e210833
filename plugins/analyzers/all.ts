import type { AnalyzerEntry } from "./analyzer.ts";
import { futexContention } from "./futex_contention.ts";
import { schedLatency } from "./sched_latency.ts";

/** Every analyzer, a line each. */
export const ANALYZERS: readonly AnalyzerEntry[] = [
  schedLatency,
  futexContention,
];
