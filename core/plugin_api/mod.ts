/** The extension interfaces. Types only, but for the registry. @module */
export * from "./analyzer.ts";
export * from "./calls.ts";
export * from "./collector.ts";
export * from "./context.ts";
export * from "./engine.ts";
export * from "./investigator.ts";
export * from "./plugin.ts";
export * from "./registry.ts";
export * from "./sonde_api.ts";
export * from "./tool.ts";
// What plugins see of other rooms: they import types, and all of them from here.
export type * from "../data/mod.ts";
export type * from "../host/host.ts";
export type * from "../host/types.ts";
export type { CountRequest, Counts } from "../perf/counters/count_events.ts";
export type { WaitReason } from "../profile/off_cpu/classify_wait.ts";
export type { WakerKind } from "../profile/off_cpu/classify_waker.ts";
export type * from "../profile/off_cpu/off_cpu_sampler.ts";
export type * from "../profile/off_cpu/wait.ts";
export type * from "../profile/sampler.ts";
export type * from "../query/mod.ts";
