import {
  callField,
  callFields,
  callProblem,
  listProbes,
  matchCalls,
  matchProbes,
  probeBlindness,
  probeField,
  probeFields,
  probeProblem,
} from "../bpf/list_probes.ts";
import { loadCodeFiles, mayNameFiles } from "../bpf/probes/code_files.ts";
import { AGGREGATES, type CallTarget, callTargetText, defineAggregate, probePointText } from "../core/query/mod.ts";
import type { RecipeRegistry } from "../dsl/mod.ts";
import type { Session } from "./session.ts";

/** Endings of the files that results can be written to. */
export const SAVE_EXTENSIONS: readonly string[] = [".json", ".csv", ".txt", ".svg", ".folded"];

/**
 * What the language's checker asks: collectors come from the plugins, probes from the kernel when a recipe has some.
 *
 * @param text of the recipe: what it does not name is not loaded
 */
export async function recipeRegistry(session: Session, text: string): Promise<RecipeRegistry> {
  if (mayNameFiles(text)) await loadCodeFiles();
  const { host } = session;
  const collectors = new Map(session.registry.collectors().map((c) => [c.name, c]));
  return {
    collector: (name) => collectors.get(name),
    collectorNames: () => [...collectors.keys()],
    probeFields(point) {
      const fields = probeFields(point, host);
      if (fields) return fields;
      const text = probePointText(point);
      if (point.kind !== "tracepoint" && point.kind !== "raw_tracepoint") {
        const problem = probeProblem(point, host);
        return problem === null ? null : `There is no ${text} on this machine: ${problem}`;
      }
      // Where no probe of the kind can be listed, this one may exist all the same: the engine will tell.
      return listProbes(`${point.kind}:*`, host).length > 0 ? `There is no ${text} on this machine` : null;
    },
    argumentsNote: (point) => probeBlindness(point, host) ?? undefined,
    probeField: (point, name) => probeField(point, name, host),
    similarProbes(point) {
      const text = probePointText(point);
      return listProbes(text.slice(0, text.indexOf(":") + 1) + "*", host);
    },
    matchProbes: (pattern, limit) => matchProbes(pattern, host, limit),
    callFields(target) {
      const fields = callFields(target, host);
      if (fields) return fields;
      const problem = callProblem(target, host);
      return problem === null ? null : `There is no ${callTargetText(target)} on this machine: ${problem}`;
    },
    callField: (target, name) => callField(target, name, host),
    similarCalls: (target) => matchCalls(anyOf(target), host, Infinity).targets.map(callTargetText),
    matchCalls(target, limit) {
      const { targets, total } = matchCalls(target, host, limit);
      return { points: targets, total };
    },
    saveExtensions: () => SAVE_EXTENSIONS,
    stageNames: () => session.registry.stages().map((s) => s.name),
    addedWords: () => ({ stages: session.registry.stages(), aggregations: session.registry.aggregations() }),
    stage: (name) => session.registry.stage(name),
    aggregationNames: () => session.registry.aggregations().map((a) => a.name),
    loadAggregation: (name) => loadAggregation(session, name),
  };
}

/** Makes an aggregation of a plugin one of the language. Does nothing where there is none of this name. */
export async function loadAggregation(session: Session, name: string): Promise<void> {
  const found = await session.registry.aggregation(name);
  if (!found || AGGREGATES.has(name)) return;
  const { pluginAggregate } = await import("../core/query/aggregates/plugin_aggregate.ts");
  defineAggregate(pluginAggregate(found));
}

/** All functions where this one is. */
function anyOf(target: CallTarget): CallTarget {
  return target.kind === "syscall" ? { kind: "syscall", name: "*" } : { ...target, symbol: "*" };
}
