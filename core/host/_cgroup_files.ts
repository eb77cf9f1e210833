import { parseKeyValues } from "./parse_key_values.ts";
import { parsePressure } from "./parse_pressure.ts";
import type { CgroupStat, PressureStat } from "./types.ts";

/** Reads a small file whole; null when it cannot be read. */
export type ReadText = (path: string) => string | null;

/** CPU figures of one cgroup. */
export type CpuFigures = Pick<CgroupStat, "cpuNs" | "cpuQuota" | "periods" | "throttledPeriods" | "throttledNs">;
/** Memory figures of one cgroup; limits are its own, not yet those above it. */
export type MemoryFigures = Pick<
  CgroupStat,
  | "memory"
  | "memoryLimit"
  | "memoryHigh"
  | "anon"
  | "file"
  | "limitHits"
  | "oomKills"
  | "refaults"
  | "majorFaults"
>;
/** I/O figures of one cgroup. */
export type IoFigures = Pick<CgroupStat, "ioReadBytes" | "ioWriteBytes">;

export const NO_CPU: CpuFigures = { cpuNs: null, cpuQuota: null, periods: 0, throttledPeriods: 0, throttledNs: 0 };
export const NO_MEMORY: MemoryFigures = {
  memory: null,
  memoryLimit: null,
  memoryHigh: null,
  anon: null,
  file: null,
  limitHits: 0,
  oomKills: 0,
  refaults: null,
  majorFaults: null,
};
export const NO_IO: IoFigures = { ioReadBytes: null, ioWriteBytes: null };

/** Version 1 writes "no limit" as the largest page count (0x7ffffffffffff000); nothing real is near. */
const NO_LIMIT = 2 ** 62;

/** v2 `cpu.stat` and `cpu.max` (Documentation/admin-guide/cgroup-v2.rst). Without the controller, usage only. */
export function readCpuV2(read: ReadText, dir: string): CpuFigures {
  const text = read(`${dir}/cpu.stat`);
  if (text === null) return NO_CPU;
  const stat = parseKeyValues(text);
  const usage = stat.get("usage_usec");
  return {
    cpuNs: usage === undefined ? null : usage * 1000,
    cpuQuota: parseCpuMax(read(`${dir}/cpu.max`) ?? ""),
    periods: stat.get("nr_periods") ?? 0,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledNs: (stat.get("throttled_usec") ?? 0) * 1000,
  };
}

/** Parses v2 `cpu.max` (`50000 100000`, `max 100000`) into CPUs; null for no limit. */
function parseCpuMax(text: string): number | null {
  const m = /^(\d+) (\d+)/.exec(text);
  return m === null || m[2] === "0" ? null : Number(m[1]) / Number(m[2]);
}

/**
 * v1 `cpu` and `cpuacct`, which may be one hierarchy or two (Documentation/scheduler/sched-bwc.rst).
 *
 * @param cpu directory in the `cpu` hierarchy, null where the cgroup is not in it
 * @param cpuacct the same in `cpuacct`
 */
export function readCpuV1(read: ReadText, cpu: string | null, cpuacct: string | null): CpuFigures {
  const stat = parseKeyValues(cpu === null ? "" : read(`${cpu}/cpu.stat`) ?? "");
  // A quota of -1 is none.
  const quota = cpu === null ? null : numberOf(read(`${cpu}/cpu.cfs_quota_us`));
  const period = cpu === null ? null : numberOf(read(`${cpu}/cpu.cfs_period_us`));
  return {
    cpuNs: cpuacct === null ? null : numberOf(read(`${cpuacct}/cpuacct.usage`)),
    cpuQuota: quota !== null && quota > 0 && period !== null && period > 0 ? quota / period : null,
    periods: stat.get("nr_periods") ?? 0,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledNs: stat.get("throttled_time") ?? 0,
  };
}

/** v2 memory files. The root cgroup has no `memory.current` and no limits. */
export function readMemoryV2(read: ReadText, dir: string): MemoryFigures {
  const stat = parseKeyValues(read(`${dir}/memory.stat`) ?? "");
  const events = parseKeyValues(read(`${dir}/memory.events`) ?? "");
  return {
    memory: numberOf(read(`${dir}/memory.current`)),
    memoryLimit: numberOf(read(`${dir}/memory.max`)),
    memoryHigh: numberOf(read(`${dir}/memory.high`)),
    anon: stat.get("anon") ?? null,
    file: stat.get("file") ?? null,
    limitHits: events.get("max") ?? 0,
    oomKills: events.get("oom_kill") ?? 0,
    // One figure before Linux 5.9.
    refaults: sum(stat, "workingset_refault_anon", "workingset_refault_file") ?? stat.get("workingset_refault") ?? null,
    majorFaults: stat.get("pgmajfault") ?? null,
  };
}

/** v1 memory files (Documentation/admin-guide/cgroup-v1/memory.rst). `total_` figures include the cgroups below. */
export function readMemoryV1(read: ReadText, dir: string): MemoryFigures {
  const text = read(`${dir}/memory.stat`);
  if (text === null) return NO_MEMORY;
  const stat = parseKeyValues(text);
  const oom = parseKeyValues(read(`${dir}/memory.oom_control`) ?? "");
  const limit = numberOf(read(`${dir}/memory.limit_in_bytes`)) ?? Infinity;
  // The kernel knows the limits above us even where a container sees only its own part of the hierarchy.
  const lowest = Math.min(limit, stat.get("hierarchical_memory_limit") ?? Infinity);
  return {
    memory: numberOf(read(`${dir}/memory.usage_in_bytes`)),
    memoryLimit: lowest < NO_LIMIT ? lowest : null,
    memoryHigh: null,
    anon: stat.get("total_rss") ?? null,
    file: stat.get("total_cache") ?? null,
    // Where memory and swap together are limited as well, that limit may be met first. Newer kernels (seen: 6.18) do
    // not count that: such a cgroup shows no hits, but its OOM kills.
    limitHits: (numberOf(read(`${dir}/memory.failcnt`)) ?? 0) + (numberOf(read(`${dir}/memory.memsw.failcnt`)) ?? 0),
    oomKills: oom.get("oom_kill") ?? 0,
    refaults: sum(stat, "total_workingset_refault_anon", "total_workingset_refault_file") ??
      stat.get("total_workingset_refault") ?? null,
    majorFaults: stat.get("total_pgmajfault") ?? null,
  };
}

function sum(stat: ReadonlyMap<string, number>, a: string, b: string): number | null {
  const x = stat.get(a);
  const y = stat.get(b);
  return x === undefined && y === undefined ? null : (x ?? 0) + (y ?? 0);
}

/** v2 `io.stat`: `254:0 rbytes=1 wbytes=2 …`, one line a device. */
export function readIoV2(read: ReadText, dir: string, stacked: (device: string) => boolean): IoFigures {
  const text = read(`${dir}/io.stat`);
  if (text === null) return NO_IO;
  let ioReadBytes = 0;
  let ioWriteBytes = 0;
  for (const m of text.matchAll(/^(\d+:\d+) (?:\S+ )*?rbytes=(\d+) wbytes=(\d+)/gm)) {
    if (stacked(m[1])) continue;
    ioReadBytes += Number(m[2]);
    ioWriteBytes += Number(m[3]);
  }
  return { ioReadBytes, ioWriteBytes };
}

/**
 * v1 `254:0 Read 1`, of the cgroup with those below it (`_recursive`, since Linux 4.3). Buffered writes are nobody's in
 * version 1: they are counted at the root when they reach the disk.
 */
export function readIoV1(read: ReadText, dir: string, stacked: (device: string) => boolean): IoFigures {
  const text = read(`${dir}/blkio.throttle.io_service_bytes_recursive`) ??
    read(`${dir}/blkio.throttle.io_service_bytes`);
  if (text === null) return NO_IO;
  let ioReadBytes = 0;
  let ioWriteBytes = 0;
  for (const m of text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
    if (stacked(m[1])) continue;
    if (m[2] === "Read") ioReadBytes += Number(m[3]);
    else ioWriteBytes += Number(m[3]);
  }
  return { ioReadBytes, ioWriteBytes };
}

/** PSI of a v2 cgroup; all null where there is none. */
export function readPressures(read: ReadText, dir: string | null): CgroupStat["pressure"] {
  const one = (resource: string): PressureStat | null =>
    dir === null ? null : parsePressure(read(`${dir}/${resource}.pressure`) ?? "");
  return { cpu: one("cpu"), memory: one("memory"), io: one("io") };
}

/** A file that holds one number; null for `max` and for what cannot be read. */
function numberOf(text: string | null): number | null {
  const word = text?.trim() ?? "";
  return /^-?\d+$/.test(word) ? Number(word) : null;
}
