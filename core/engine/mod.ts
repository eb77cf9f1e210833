/** Choosing the engine that runs a probe spec; the engines that need no BPF. @module */
export * from "./choose_engine.ts";
export { perfEngine } from "./perf/perf_engine.ts";
export { pollEngine } from "./poll_engine.ts";
