/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
import type { Host } from "../core/host/mod.ts";
import type { ProbeEngine } from "../core/plugin_api/engine.ts";
import { openStacks } from "./decode/stacks.ts";
import { openBpfEngine, type StreamWay } from "./engine.ts";
import { planFor } from "./planner.ts";

/** The engine with all its parts loaded: specs need not be prepared. See {@linkcode openBpfEngine}. */
export function bpfEngine(host: Host, stream: StreamWay = "ring"): ProbeEngine {
  return openBpfEngine(host, { stream, planner: planFor, openStacks });
}

export { type BpfEngineOptions, openBpfEngine, type PlanStore, type StreamWay } from "./engine.ts";
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
