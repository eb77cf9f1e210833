/** Profiles: sampling CPUs, folding, merging, ranking. @module */
export { mergeProfiles } from "../data/merge_profiles.ts";
export { PROCESS_FIELDS, profileByProcess } from "./by_process.ts";
export { cpuSampler } from "./cpu_sampler.ts";
export { folded } from "./folded.ts";
export { formatByEnding, formatByName, sniffFormat } from "./find_format.ts";
export * from "./formats/mod.ts";
export { type FormatEntry, PROFILE_FORMATS } from "./profile_formats.ts";
export type { CpuSampler, CpuSampleRequest, SamplerName, UnwindMethod } from "./sampler.ts";
export { chooseSampler, type CpuSamplers, localSamplers } from "./samplers.ts";
export { prepareSignalSampling, type SignalSampling, type SignalSamplingOptions } from "./signal_sampler.ts";
export { TOP_FUNCTION_FIELDS, topFunctions } from "./top_functions.ts";
