import type { Cell, Quality } from "../data/mod.ts";

/** The analyzers: what the BCC tools are used for, each a program in `bpf/programs`. */
export type AnalyzerName =
  | "tcp_latency"
  | "disk_io_latency"
  | "memory_alloc_trace"
  | "lock_contention"
  | "syscall_count"
  | "page_fault_trace"
  | "sched_latency"
  | "futex_contention";

/** What an analyzer is to measure. */
export interface AnalyzerRequest {
  /** Only this process, in sonde's own pid namespace; 0: all but sonde's own. */
  readonly pid: number;
  /** The window, ns. */
  readonly durationNs: number;
  /** Ends the window early; what was measured until then is the answer. */
  readonly signal: AbortSignal;
  /** Called once it measures: whatever is started now is seen. */
  onReady?(): void;
}

/** What was measured, whichever mechanism did it. */
export interface Analysis {
  /** Rows by table, their cells by column. A column that a mechanism does not know is left out (and becomes null), a table too. */
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>;
  readonly quality: Quality;
}
