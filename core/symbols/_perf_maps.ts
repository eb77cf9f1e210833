import type { Host } from "../host/mod.ts";
import { parsePerfMap, type PerfMap } from "./perf_map.ts";
import { openRegularFile } from "./regular_file.ts";

const MAX_BYTES = 256 << 20;

/**
 * The names that a process's runtime gave to code it compiled: `/tmp/perf-PID.map`, PID as the process itself sees it,
 * in the process's own mount namespace. Anybody may write into `/tmp`: the file must belong to the process's user or to
 * root, and be no link.
 *
 * @returns null when there is none to be trusted
 */
export function readPerfMap(host: Host, pid: number): PerfMap | null {
  const status = host.processStatus(pid);
  const inside = status?.nsPid.at(-1) ?? pid;
  const owner = status?.uid ?? Deno.uid();
  const root = host.path("pid_root", pid);
  const places: [string, string | undefined][] = [[`/tmp/perf-${inside}.map`, root], [
    `/tmp/perf-${pid}.map`,
    undefined,
  ]];
  for (const [path, below] of places) {
    using file = openRegularFile(path, { root: below, noFollow: true });
    if (!file || (file.uid !== owner && file.uid !== 0)) continue;
    const bytes = file.read(0, Math.min(file.size, MAX_BYTES));
    if (!bytes) continue;
    const map = parsePerfMap(bytes);
    return file.size > MAX_BYTES ? { ...map, isCut: true } : map;
  }
  return null;
}
