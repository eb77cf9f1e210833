/** Profiles: sampling CPUs, folding, merging, ranking. @module */
export { PROCESS_FIELDS, profileByProcess } from "./by_process.ts";
export { cpuSampler } from "./cpu_sampler.ts";
export { folded } from "./folded.ts";
export * from "./formats/mod.ts";
export { mergeProfiles } from "./merge.ts";
export type { CpuSampler, CpuSampleRequest } from "./sampler.ts";
export { TOP_FUNCTION_FIELDS, topFunctions } from "./top_functions.ts";
