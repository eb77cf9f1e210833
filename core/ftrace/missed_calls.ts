/**
 * Sums up the calls that probes missed.
 *
 * @param text of `kprobe_profile`: lines of name without its group, hits, misses (probes_profile_seq_show() in
 *   kernel/trace/trace_kprobe.c)
 * @param events names
 */
export function missedCalls(text: string, events: ReadonlySet<string>): number {
  let missed = 0;
  for (const line of text.split("\n")) {
    const m = /^\s*(\S+)\s+\d+\s+(\d+)\s*$/.exec(line);
    if (m && events.has(m[1])) missed += Number(m[2]);
  }
  return missed;
}
