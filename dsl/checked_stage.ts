import type { Stage as PluginStage } from "../core/plugin_api/mod.ts";
import type { CheckContext } from "./check_expr.ts";
import type { Flow } from "./flow.ts";
import type { PipelinePlan, StagePlan } from "./plan.ts";
import type { RecipeRegistry } from "./registry.ts";

/** Results by name; null for one whose pipeline has errors. */
export type KnownResults = ReadonlyMap<string, Flow | null>;

/** A checked stage: what is done for it, and what flows on. */
export interface CheckedStage {
  readonly plans: readonly StagePlan[];
  readonly flow: Flow;
}

/** What the stages of a pipeline are checked with. */
export interface PipelineContext extends CheckContext {
  readonly registry: RecipeRegistry;
  /** Results that were made before. */
  readonly results: KnownResults;
  /** Stages of plugins, by name. */
  readonly stages: ReadonlyMap<string, PluginStage>;
  /** Name of the pipeline's own result. */
  readonly name: string;
  /** Pipelines that collect what this one needs beside its source; stages add theirs. */
  readonly feeds: PipelinePlan[];
}
