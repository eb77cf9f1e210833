/** perf_event_open(2): events, their ring buffers and records. @module */
export * from "./abi.ts";
export { type BranchFlags, branchFlags } from "./branch_flags.ts";
export { encodeAttr, type PerfAttr } from "./attr.ts";
export { openProbeEvents, type ProbeEvent, type ProbeEvents, type ProbeEventsOptions } from "./open_probe_events.ts";
export { openSampler, type Sampler, type SamplerOptions } from "./open_sampler.ts";
export {
  type CommRecord,
  type LostRecord,
  type MmapRecord,
  type PerfRecord,
  readRecord,
  recordTime,
  type TaskRecord,
  type ThrottleRecord,
} from "./records.ts";
export { createRing } from "./create_ring.ts";
export { drainRings, type PerfRing, perfRing, type RecordSink } from "./ring.ts";
export { type SampleParts, type SamplePartsOptions, samplePartsReader } from "./sample_parts.ts";
export { type UserRegs, userRegs } from "./user_regs.ts";
export { type SampleLayout, sampleLayout, u64At } from "./sample_layout.ts";
