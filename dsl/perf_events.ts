/** Names of events that the kernel or the CPU counts, by the names that perf has for them. */
export interface PerfEventNames {
  /** In the order in which they are listed. */
  readonly names: readonly string[];
  /** Shorter names that perf knows as well. */
  readonly aliases: Readonly<Record<string, string>>;
  /** How many are counted for each firing when the recipe does not say. Of clocks: nanoseconds. */
  defaultPeriod(name: string): number;
}

/** Whether an event counts nanoseconds: its period is a duration. */
export function isClock(name: string): boolean {
  return name === "cpu-clock" || name === "task-clock";
}

/** `software:…` (include/uapi/linux/perf_event.h, `enum perf_sw_ids`; no bpf-output: it is no event of its own). */
export const SOFTWARE_EVENTS: PerfEventNames = {
  names: [
    "cpu-clock",
    "task-clock",
    "page-faults",
    "context-switches",
    "cpu-migrations",
    "minor-faults",
    "major-faults",
    "alignment-faults",
    "emulation-faults",
  ],
  aliases: { "faults": "page-faults", "cs": "context-switches", "migrations": "cpu-migrations" },
  // A clock that fires each nanosecond would be all that the machine does.
  defaultPeriod: (name) => isClock(name) ? 1_000_000 : 1,
};

const CACHES: Readonly<Record<string, readonly string[]>> = {
  "L1-dcache": ["loads", "load-misses", "stores", "store-misses", "prefetches", "prefetch-misses"],
  "L1-icache": ["loads", "load-misses", "prefetches", "prefetch-misses"],
  "LLC": ["loads", "load-misses", "stores", "store-misses", "prefetches", "prefetch-misses"],
  "dTLB": ["loads", "load-misses", "stores", "store-misses", "prefetches", "prefetch-misses"],
  "iTLB": ["loads", "load-misses"],
  "branch": ["loads", "load-misses"],
  "node": ["loads", "load-misses", "stores", "store-misses", "prefetches", "prefetch-misses"],
};

/** `hardware:…` (`enum perf_hw_id` and `enum perf_hw_cache_id`). */
export const HARDWARE_EVENTS: PerfEventNames = {
  names: [
    "cpu-cycles",
    "instructions",
    "cache-references",
    "cache-misses",
    "branch-instructions",
    "branch-misses",
    "bus-cycles",
    "stalled-cycles-frontend",
    "stalled-cycles-backend",
    "ref-cycles",
    ...Object.entries(CACHES).flatMap(([cache, ops]) => ops.map((op) => `${cache}-${op}`)),
  ],
  aliases: {
    "cycles": "cpu-cycles",
    "branches": "branch-instructions",
    "idle-cycles-frontend": "stalled-cycles-frontend",
    "idle-cycles-backend": "stalled-cycles-backend",
  },
  defaultPeriod: () => 1_000_000,
};
