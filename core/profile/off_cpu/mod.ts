/** Time off the CPU: why, where, and who ended it. @module */
export { chooseOffCpuSampler, type OffCpuSamplers } from "./choose_off_cpu_sampler.ts";
export {
  classifyWait,
  plainName,
  WAIT_REASONS,
  waitChannel,
  type WaitFacts,
  type WaitReason,
} from "./classify_wait.ts";
export { classifyWaker, type WakerKind } from "./classify_waker.ts";
export { offCpuProfile, WAKER_SEPARATOR } from "./off_cpu_profile.ts";
export { type OffCpuResultOptions, offCpuResults } from "./off_cpu_results.ts";
export type { OffCpuEngine, OffCpuMeasurement, OffCpuRequest, OffCpuSampler } from "./off_cpu_sampler.ts";
export { offCpuSummary } from "./off_cpu_summary.ts";
export { type OffCpuTables, offCpuTables } from "./off_cpu_tables.ts";
export { pollingOffCpuSampler } from "./polling_off_cpu_sampler.ts";
export type { ThreadTime, Wait, Waker } from "./wait.ts";
export { wallProfile } from "./wall_profile.ts";
