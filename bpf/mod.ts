/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
import type { Host } from "../core/host/mod.ts";
import type { ProbeEngine } from "../core/plugin_api/engine.ts";
import { openCodeReader } from "./decode/code_reader.ts";
import { openBpfEngine, type StreamWay } from "./engine.ts";
import { planFor, selfTgidOf } from "./planner.ts";
import { openCodeFiles } from "./probes/code_file.ts";
import { useCodeFiles } from "./probes/code_files.ts";

/**
 * The engine that compiles probe specs to BPF and loads them with `bpf(2)`, with all its parts loaded: specs need not
 * be prepared. Nothing happens before the first spec.
 *
 * @param host the machine it runs on
 * @param stream how the records of streams come
 */
export function bpfEngine(host: Host, stream: StreamWay = "ring"): ProbeEngine {
  useCodeFiles(openCodeFiles);
  return openBpfEngine(host, { stream, planner: { planFor, selfTgidOf }, openCode: openCodeReader });
}

export { loadCodeFiles, mayNameFiles } from "./probes/code_files.ts";
export type { PlanStore, StreamWay } from "./engine.ts";
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
