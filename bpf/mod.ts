/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
export { bpfEngine, type StreamWay } from "./engine.ts";
export { type Feature, probeFeatures } from "./features.ts";
export {
  builtinFields,
  callField,
  callFields,
  callProblem,
  listPoints,
  listProbes,
  matchCalls,
  matchProbes,
  probeField,
  probeFields,
  probeProblem,
} from "./list_probes.ts";
