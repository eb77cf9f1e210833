/**
 * Programs compiled from C, each with a typed wrapper that plays the part of a libbpf skeleton. They need libbpf at run time,
 * and no compiler.
 * @module
 */
export { type BpfLink, type BpfMap, type BpfObject, type BpfProgram, openObject } from "../libbpf.ts";
export type { Constants } from "../libbpf_constants.ts";
export { MAP_TYPE } from "../kernel/commands.ts";
export { type MapEntries, type MapSpec, readMap } from "../kernel/map.ts";
export { LibbpfError } from "../libbpf_error.ts";
export { libbpfVersion } from "../libbpf_library.ts";
export type { OpenOptions } from "../libbpf_open_opts.ts";
export { openRing, type RingReader } from "../ring/ring_reader.ts";
export type { ProgramOptions } from "./_load.ts";
export type { AnalyzerOptions, RunningAnalyzer } from "./analyzer.ts";
export {
  type OffCpu,
  type OffCpuOptions,
  type RawOffCpu,
  type RawThread,
  type RawWait,
  startOffCpu,
  type WakeContext,
} from "./off_cpu.ts";
export { startSyscallCount, type SyscallCountOptions } from "./syscall_count.ts";
export { type Place, type UserCopy } from "./user_copies.ts";
