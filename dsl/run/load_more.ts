import { type Result, UsageError } from "../../core/data/mod.ts";
import type { Stage } from "../../core/plugin_api/mod.ts";
import { AGGREGATES } from "../../core/query/mod.ts";
import type { PipelinePlan, Plan, PlanStep } from "../plan.ts";
import type { RunServices } from "./services.ts";
import { isMore, type MoreStages } from "./stage_context.ts";

/**
 * Loads the stages and endings that few recipes use, and what plugins add, where a plan names them.
 *
 * @param results what joins put beside rows: those of the run
 * @returns null where it names none
 * @throws {UsageError} when a plugin has no longer what the plan names
 */
export async function loadMore(
  plan: Plan,
  results: ReadonlyMap<string, Result>,
  services: Pick<RunServices, "stage" | "loadAggregation">,
): Promise<MoreStages | null> {
  const pipelines = pipelinesOf(plan.steps);
  const stages = pipelines.flatMap((p) => p.stages);
  for (const stage of stages) {
    if (stage.kind !== "aggregate") continue;
    for (const { fn } of stage.aggregates) if (!AGGREGATES.has(fn)) await services.loadAggregation?.(fn);
  }
  if (!stages.some(isMore) && !pipelines.some((p) => p.ending)) return null;
  const plugins = new Map<string, Stage>();
  for (const stage of stages) {
    if (stage.kind !== "plugin" || plugins.has(stage.stage)) continue;
    const found = await services.stage?.(stage.stage);
    if (!found) throw new UsageError(`There is no stage "${stage.stage}"`, "Add its plugin: --plugin FILE");
    plugins.set(stage.stage, found);
  }
  const { openMoreStages } = await import("./more_stages.ts");
  return openMoreStages(results, plugins);
}

function pipelinesOf(steps: readonly PlanStep[]): PipelinePlan[] {
  return steps.flatMap((step): readonly PipelinePlan[] => {
    switch (step.kind) {
      case "phase":
        return step.pipelines;
      case "derived":
        return [step.pipeline];
      case "when":
        return [...pipelinesOf(step.then.steps), ...pipelinesOf(step.otherwise.steps)];
      case "every":
        return pipelinesOf(step.body.steps);
      default:
        return [];
    }
  });
}
