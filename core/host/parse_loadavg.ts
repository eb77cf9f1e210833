import type { LoadAvg } from "./types.ts";

/** Parses `/proc/loadavg` (proc_loadavg(5)); null when it is not of that form. */
export function parseLoadAvg(text: string): LoadAvg | null {
  const m = /^([\d.]+) ([\d.]+) ([\d.]+) (\d+)\/(\d+)/.exec(text);
  if (m === null) return null;
  return {
    load1: Number(m[1]),
    load5: Number(m[2]),
    load15: Number(m[3]),
    runnable: Number(m[4]),
    threads: Number(m[5]),
  };
}
