import { field, type Quality, type Table, tableFromRows } from "../../data/mod.ts";
import type { Counted } from "./counters_table.ts";

/** Fields of the table of what follows from counters. */
export const RATIO_FIELDS = [
  field("metric", "string", "What it is"),
  field("value", "float"),
  field("unit", "string", "ratio (0–1), CPUs, per_cycle, GHz, per_second"),
  field("of", "string", "The events it was computed from"),
  field(
    "same_time",
    "bool",
    "Whether both counted at the same times; else each is scaled by itself, and the metric is estimated",
  ),
];

interface Ratio {
  readonly metric: string;
  readonly unit: string;
  readonly over: string;
  /** An event, or the window in seconds. */
  readonly under: string | null;
  /** The quotient times this. */
  readonly factor?: number;
}

/**
 * What performance engineers read off counters. Quotients of events of cores are those of both kinds together on
 * processors with two.
 */
const RATIOS: readonly Ratio[] = [
  { metric: "cpus_used", unit: "CPUs", over: "task-clock", under: null, factor: 1e-9 },
  { metric: "ipc", unit: "per_cycle", over: "instructions", under: "cycles" },
  // A count of task-clock is a nanosecond: cycles by nanoseconds are GHz.
  { metric: "frequency", unit: "GHz", over: "cycles", under: "task-clock" },
  { metric: "cache_miss_ratio", unit: "ratio", over: "cache-misses", under: "cache-references" },
  { metric: "branch_miss_ratio", unit: "ratio", over: "branch-misses", under: "branches" },
  { metric: "l1d_load_miss_ratio", unit: "ratio", over: "L1-dcache-load-misses", under: "L1-dcache-loads" },
  { metric: "llc_load_miss_ratio", unit: "ratio", over: "LLC-load-misses", under: "LLC-loads" },
  { metric: "dtlb_load_miss_ratio", unit: "ratio", over: "dTLB-load-misses", under: "dTLB-loads" },
  { metric: "itlb_load_miss_ratio", unit: "ratio", over: "iTLB-load-misses", under: "iTLB-loads" },
  { metric: "stalled_frontend_ratio", unit: "ratio", over: "stalled-cycles-frontend", under: "cycles" },
  { metric: "stalled_backend_ratio", unit: "ratio", over: "stalled-cycles-backend", under: "cycles" },
  {
    metric: "cache_misses_per_1000_instructions",
    unit: "per_1000",
    over: "cache-misses",
    under: "instructions",
    factor: 1000,
  },
  { metric: "context_switches_per_second", unit: "per_second", over: "context-switches", under: null },
  { metric: "migrations_per_second", unit: "per_second", over: "cpu-migrations", under: null },
  { metric: "page_faults_per_second", unit: "per_second", over: "page-faults", under: null },
];

/**
 * What follows from the counters; metrics whose counters are not known, or whose divisor is 0, are left out.
 *
 * @param durationNs length of the window
 * @param ofTasks whether tasks were counted: the task clock of a whole CPU runs while the CPU is idle
 */
export function counterRatios(
  counted: readonly Counted[],
  durationNs: number,
  ofTasks: boolean,
  quality: Quality,
): Table {
  const rows = RATIOS.flatMap(({ metric, unit, over, under, factor = 1 }) => {
    if (!ofTasks && (over === "task-clock" || under === "task-clock")) return [];
    const a = eventsNamed(counted, over);
    const b = under === null ? null : eventsNamed(counted, under);
    if (a.length === 0 || b?.length === 0) return [];
    const divisor = b === null ? durationNs / 1e9 : sum(b);
    if (!(divisor > 0)) return [];
    const value = sum(a) / divisor * factor;
    const together = b === null || b.every((y) => a.some((x) => x.group === y.group)) ||
      [...a, ...b].every((x) => x.running === 1);
    return [[metric, value, unit, under === null ? over : `${over} / ${under}`, together]];
  });
  return tableFromRows(RATIO_FIELDS, rows, quality);
}

/** Those of one name that count all levels, once for each kind of core; the first written where it stands twice. */
function eventsNamed(counted: readonly Counted[], name: string): Counted[] {
  const found = counted.filter((c) => c.event.name === name);
  if (found.some((c) => c.count === null)) return [];
  // The same event may stand in the list twice, with levels or in another group: counting it double would be wrong.
  const seen = new Set<bigint | number>();
  const modifier = found[0]?.event.attr;
  return found.filter(({ event: { attr } }) => {
    if (attr.excludeKernel !== modifier.excludeKernel || attr.excludeUser !== modifier.excludeUser) return false;
    if (seen.has(attr.config)) return false;
    seen.add(attr.config);
    return true;
  });
}

function sum(counted: readonly Counted[]): number {
  return counted.reduce((all, c) => all + Number(c.count) * c.event.scale, 0);
}
