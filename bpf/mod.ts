/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
export { bpfEngine } from "./engine.ts";
export { type Feature, probeFeatures } from "./features.ts";
export {
  builtinFields,
  callField,
  callFields,
  listProbes,
  matchCalls,
  matchProbes,
  probeField,
  probeFields,
} from "./list_probes.ts";
