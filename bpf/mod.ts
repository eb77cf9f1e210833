/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
export { bpfEngine } from "./engine.ts";
export { type Feature, probeFeatures } from "./features.ts";
export { builtinFields, listProbes, probeField, probeFields } from "./list_probes.ts";
