import type { ProcessStatus } from "./types.ts";

/** What is used of `/proc/PID/status` (proc_pid_status(5)), with the capabilities. */
export interface ParsedStatus extends ProcessStatus {
  /** Effective capabilities as a bit set (capabilities(7)). */
  readonly capabilities: bigint;
}

/**
 * Parses `/proc/PID/status`. Kernel threads have no memory lines: they read as 0. Switches are those of one thread, also
 * in the process's own file, where it is the main thread. The name on the first line is escaped by the kernel, so it
 * cannot imitate another line.
 */
export function parsePidStatus(text: string): ParsedStatus {
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const count = (name: string): number => parseInt(lines.get(name) ?? "0") || 0;
  const words = (name: string): number[] => lines.get(name)?.split(/\s+/).map(Number) ?? [];
  return {
    uid: words("Uid")[1] ?? 0,
    cpusAllowed: lines.get("Cpus_allowed_list") ?? "",
    voluntarySwitches: count("voluntary_ctxt_switches"),
    involuntarySwitches: count("nonvoluntary_ctxt_switches"),
    rss: lines.has("VmRSS") ? count("VmRSS") * 1024 : null,
    rssAnon: count("RssAnon") * 1024,
    rssFile: count("RssFile") * 1024,
    swap: count("VmSwap") * 1024,
    nsPid: words("NSpid"),
    capabilities: BigInt(`0x${lines.get("CapEff") ?? "0"}`),
  };
}
