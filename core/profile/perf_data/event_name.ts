import { HW, PERF_TYPE, SW } from "../../perf/mod.ts";
import type { RecordedAttr } from "./recorded_attr.ts";

/** A name for an event that the file gives none, as perf would make it: `cycles:u`, `cpu-clock`, `raw 0x1a8`. */
export function eventName(attr: RecordedAttr): string {
  const low = attr.config;
  let name: string | undefined;
  if (attr.type === PERF_TYPE.HARDWARE) name = HARDWARE[low & 0xff];
  else if (attr.type === PERF_TYPE.SOFTWARE) name = SOFTWARE[low];
  const number = (BigInt(attr.configHigh) << 32n | BigInt(low)).toString(16);
  name ??= attr.type === PERF_TYPE.TRACEPOINT
    ? `tracepoint ${low}`
    : attr.type === PERF_TYPE.RAW
    ? `raw 0x${number}`
    : `event ${attr.type} 0x${number}`;
  const modifiers =
    (attr.excludeUser || attr.excludeKernel || attr.excludeHypervisor
      ? (attr.excludeUser ? "" : "u") + (attr.excludeKernel ? "" : "k") + (attr.excludeHypervisor ? "" : "h")
      : "") + "p".repeat(attr.precise);
  return modifiers === "" ? name : `${name}:${modifiers}`;
}

/** Whether an event counts nothing: perf opens it to be told of tasks and mappings. */
export function isDummy(attr: RecordedAttr): boolean {
  return attr.type === PERF_TYPE.SOFTWARE && attr.config === SW.DUMMY;
}

/** Whether a period of the event is nanoseconds. */
export function countsTime(attr: RecordedAttr): boolean {
  return attr.type === PERF_TYPE.SOFTWARE && (attr.config === SW.CPU_CLOCK || attr.config === SW.TASK_CLOCK);
}

const HARDWARE: Readonly<Record<number, string>> = {
  [HW.CPU_CYCLES]: "cycles",
  [HW.INSTRUCTIONS]: "instructions",
  [HW.CACHE_REFERENCES]: "cache-references",
  [HW.CACHE_MISSES]: "cache-misses",
  [HW.BRANCH_INSTRUCTIONS]: "branches",
  [HW.BRANCH_MISSES]: "branch-misses",
  [HW.BUS_CYCLES]: "bus-cycles",
  [HW.STALLED_CYCLES_FRONTEND]: "stalled-cycles-frontend",
  [HW.STALLED_CYCLES_BACKEND]: "stalled-cycles-backend",
  [HW.REF_CPU_CYCLES]: "ref-cycles",
};
const SOFTWARE: Readonly<Record<number, string>> = {
  [SW.CPU_CLOCK]: "cpu-clock",
  [SW.TASK_CLOCK]: "task-clock",
  [SW.PAGE_FAULTS]: "page-faults",
  [SW.CONTEXT_SWITCHES]: "context-switches",
  [SW.CPU_MIGRATIONS]: "cpu-migrations",
  [SW.PAGE_FAULTS_MIN]: "minor-faults",
  [SW.PAGE_FAULTS_MAJ]: "major-faults",
  [SW.ALIGNMENT_FAULTS]: "alignment-faults",
  [SW.EMULATION_FAULTS]: "emulation-faults",
  [SW.DUMMY]: "dummy",
};
