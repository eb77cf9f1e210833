/** Counts of one CPU's trace buffer. */
export interface BufferStats {
  /** Events in it now. */
  readonly entries: number;
  /** Events that were overwritten before they were read. */
  readonly overrun: number;
  /** Events that found no room as others were still being written. */
  readonly commitOverrun: number;
  /** Events that were dropped as the buffer was full. */
  readonly dropped: number;
  /** Events that were read. */
  readonly read: number;
}

/** Parses `per_cpu/cpuN/stats` (tracing_stats_read() in kernel/trace/trace.c). What is absent is 0. */
export function parseBufferStats(text: string): BufferStats {
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d{1,15})$`, "m").exec(text)?.[1] ?? 0);
  return {
    entries: count("entries"),
    overrun: count("overrun"),
    commitOverrun: count("commit overrun"),
    dropped: count("dropped events"),
    read: count("read events"),
  };
}
