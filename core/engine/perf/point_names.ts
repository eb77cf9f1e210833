import { HW, SW } from "../../perf/mod.ts";

/** Software events by the names that perf-list(1) and bpftrace have for them. */
export const SOFTWARE_EVENTS: Readonly<Record<string, number>> = {
  "cpu-clock": SW.CPU_CLOCK,
  "cpu": SW.CPU_CLOCK,
  "task-clock": SW.TASK_CLOCK,
  "page-faults": SW.PAGE_FAULTS,
  "faults": SW.PAGE_FAULTS,
  "context-switches": SW.CONTEXT_SWITCHES,
  "cs": SW.CONTEXT_SWITCHES,
  "cpu-migrations": SW.CPU_MIGRATIONS,
  "migrations": SW.CPU_MIGRATIONS,
  "minor-faults": SW.PAGE_FAULTS_MIN,
  "major-faults": SW.PAGE_FAULTS_MAJ,
  "alignment-faults": SW.ALIGNMENT_FAULTS,
  "emulation-faults": SW.EMULATION_FAULTS,
};

/** Hardware events likewise. */
export const HARDWARE_EVENTS: Readonly<Record<string, number>> = {
  "cpu-cycles": HW.CPU_CYCLES,
  "cycles": HW.CPU_CYCLES,
  "instructions": HW.INSTRUCTIONS,
  "cache-references": HW.CACHE_REFERENCES,
  "cache-misses": HW.CACHE_MISSES,
  "branch-instructions": HW.BRANCH_INSTRUCTIONS,
  "branches": HW.BRANCH_INSTRUCTIONS,
  "branch-misses": HW.BRANCH_MISSES,
  "bus-cycles": HW.BUS_CYCLES,
  "frontend-stalls": HW.STALLED_CYCLES_FRONTEND,
  "backend-stalls": HW.STALLED_CYCLES_BACKEND,
  "ref-cycles": HW.REF_CPU_CYCLES,
};
