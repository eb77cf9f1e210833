/** Choosing the engine that runs a probe spec; the engines that need no BPF. @module */
export * from "./choose_engine.ts";
export { perfEngine, type PerfEngineOptions } from "./perf/perf_engine.ts";
export type { FunctionValue, ProbeResolver } from "./perf/probe_resolver.ts";
export { pollEngine } from "./poll_engine.ts";
