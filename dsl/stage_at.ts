import { pipelines } from "./analysis.ts";
import type { Pipeline, Stage, Tree } from "./ast.ts";

/** A stage and where it stands in its pipeline. */
export interface StageAt {
  readonly stage: Stage;
  readonly pipeline: Pipeline;
  /** Those before it. */
  readonly before: readonly Stage[];
  /** Where an observer was told what flows out of it: the next stage, or the pipeline's end. */
  readonly after: number;
}

/** The stage in which an offset lies. */
export function stageAt(tree: Tree, offset: number): StageAt | null {
  for (const pipeline of pipelines(tree.statements)) {
    const i = pipeline.stages.findIndex((s) => s.span.start <= offset && offset <= s.span.end);
    if (i < 0) continue;
    const after = pipeline.stages[i + 1]?.span.start ?? pipeline.span.end;
    return { stage: pipeline.stages[i], pipeline, before: pipeline.stages.slice(0, i), after };
  }
  return null;
}
