import { HW, PERF_TYPE, SW } from "../abi.ts";

/** What perf_event_open(2) counts for a name. */
export interface EventCode {
  readonly type: number;
  readonly config: number;
  /** `ns` for clocks. */
  readonly unit: "count" | "ns";
}

const hardware = (config: number): EventCode => ({ type: PERF_TYPE.HARDWARE, config, unit: "count" });
const software = (config: number, unit: EventCode["unit"] = "count"): EventCode => ({
  type: PERF_TYPE.SOFTWARE,
  config,
  unit,
});

/** Caches, operations and results of PERF_TYPE_HW_CACHE (perf_event_open(2)): config = cache | op << 8 | result << 16. */
const CACHES = { "L1-dcache": 0, "L1-icache": 1, LLC: 2, dTLB: 3, iTLB: 4, branch: 5, node: 6 } as const;
const OPERATIONS = { load: 0, store: 1, prefetch: 2 } as const;

/**
 * Events by the names that `perf list` gives them. Several names may stand for one event; the first is the one we use.
 * Hardware events are those the kernel maps to each processor's own (perf_event_open(2)).
 */
export const EVENT_NAMES: ReadonlyMap<string, EventCode> = new Map<string, EventCode>([
  ["cycles", hardware(HW.CPU_CYCLES)],
  ["cpu-cycles", hardware(HW.CPU_CYCLES)],
  ["instructions", hardware(HW.INSTRUCTIONS)],
  ["cache-references", hardware(HW.CACHE_REFERENCES)],
  ["cache-misses", hardware(HW.CACHE_MISSES)],
  ["branches", hardware(HW.BRANCH_INSTRUCTIONS)],
  ["branch-instructions", hardware(HW.BRANCH_INSTRUCTIONS)],
  ["branch-misses", hardware(HW.BRANCH_MISSES)],
  ["bus-cycles", hardware(HW.BUS_CYCLES)],
  ["stalled-cycles-frontend", hardware(HW.STALLED_CYCLES_FRONTEND)],
  ["stalled-cycles-backend", hardware(HW.STALLED_CYCLES_BACKEND)],
  ["ref-cycles", hardware(HW.REF_CPU_CYCLES)],
  ["task-clock", software(SW.TASK_CLOCK, "ns")],
  ["cpu-clock", software(SW.CPU_CLOCK, "ns")],
  ["context-switches", software(SW.CONTEXT_SWITCHES)],
  ["cs", software(SW.CONTEXT_SWITCHES)],
  ["cpu-migrations", software(SW.CPU_MIGRATIONS)],
  ["migrations", software(SW.CPU_MIGRATIONS)],
  ["page-faults", software(SW.PAGE_FAULTS)],
  ["faults", software(SW.PAGE_FAULTS)],
  ["minor-faults", software(SW.PAGE_FAULTS_MIN)],
  ["major-faults", software(SW.PAGE_FAULTS_MAJ)],
  ["alignment-faults", software(SW.ALIGNMENT_FAULTS)],
  ["emulation-faults", software(SW.EMULATION_FAULTS)],
  ...Object.entries(CACHES).flatMap(([cache, c]) =>
    Object.entries(OPERATIONS).flatMap(([operation, op]): [string, EventCode][] => {
      const many = operation === "prefetch" ? "prefetches" : `${operation}s`;
      const code = (result: number): EventCode => ({
        type: PERF_TYPE.HW_CACHE,
        config: c | op << 8 | result << 16,
        unit: "count",
      });
      return [[`${cache}-${many}`, code(0)], [`${cache}-${operation}-misses`, code(1)]];
    })
  ),
]);
