import type { ProcessStatus } from "./types.ts";

/** What is used of `/proc/PID/status` (proc_pid_status(5)), with the capabilities. */
export interface ParsedStatus extends ProcessStatus {
  /** Effective capabilities as a bit set (capabilities(7)). */
  readonly capabilities: bigint;
}

/**
 * Parses `/proc/PID/status`. Kernel threads have no memory lines: they read as 0. Switches are those of one thread,
 * also in the process's own file, where it is the main thread. The name on the first line is escaped by the kernel, so it
 * cannot imitate another line.
 */
export function parsePidStatus(text: string): ParsedStatus {
  // Some fifteen lines of sixty are used: finding them is faster than splitting all.
  const find = (name: string): string | null => {
    const start = text.indexOf(`\n${name}:`);
    if (start < 0) return null;
    const end = text.indexOf("\n", start + 1);
    return text.slice(start + name.length + 2, end < 0 ? undefined : end).trim();
  };
  const count = (name: string): number => parseInt(find(name) ?? "0") || 0;
  const words = (name: string): number[] => find(name)?.split(/\s+/).map(Number) ?? [];
  const rss = find("VmRSS");
  return {
    tgid: count("Tgid"),
    tracerPid: count("TracerPid"),
    uid: words("Uid")[1] ?? 0,
    cpusAllowed: find("Cpus_allowed_list") ?? "",
    voluntarySwitches: count("voluntary_ctxt_switches"),
    involuntarySwitches: count("nonvoluntary_ctxt_switches"),
    rss: rss === null ? null : parseInt(rss) * 1024,
    rssAnon: count("RssAnon") * 1024,
    rssFile: count("RssFile") * 1024,
    swap: count("VmSwap") * 1024,
    nsPid: words("NSpid"),
    capabilities: BigInt(`0x${find("CapEff") ?? "0"}`),
  };
}
