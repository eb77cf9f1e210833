import type { CheckedRecipe, CheckedStatement } from "./check.ts";
import { cutAtJoin } from "./plan_join.ts";
import type { BlockPlan, FormPlan, PipelinePlan, Plan, PlanStep } from "./plan.ts";

/**
 * Orders a checked recipe into steps. Pipelines that collect start together in one phase; a `when` ends the phase,
 * since its condition needs the results. Everything else runs after the phase, in the order of the text.
 */
export function planRecipe(recipe: CheckedRecipe): Plan {
  const block = planBlock(recipe.body, true);
  return { version: 1, recipe: recipe.recipe, title: recipe.title, params: recipe.params, ...block };
}

function planBlock(statements: readonly CheckedStatement[], top: boolean): BlockPlan {
  const steps: PlanStep[] = [];
  const made: string[] = [];
  const shown: string[] = [];
  const forms: FormPlan[] = [];
  let phase: PipelinePlan[] = [];
  let after: PlanStep[] = [];
  const end = (): void => {
    if (phase.length > 0) steps.push({ kind: "phase", pipelines: phase });
    steps.push(...after);
    phase = [];
    after = [];
  };
  for (const s of statements) {
    switch (s.kind) {
      case "pipeline":
        phase.push(...s.feeds);
        if (s.pipeline.source.kind === "result") after.push({ kind: "derived", pipeline: s.pipeline });
        else {
          const { collected, derived } = cutAtJoin(s.pipeline);
          phase.push(collected);
          if (derived) after.push({ kind: "derived", pipeline: derived });
        }
        // Names inside a block are local to it; what has none can only be meant to be seen.
        if (top || !s.named) made.push(s.pipeline.name);
        break;
      case "show":
        shown.push(...s.names.filter((n) => !shown.includes(n)));
        forms.push(...s.forms);
        break;
      case "every":
        end();
        steps.push({ kind: "every", period: s.period, duration: s.duration, body: planBlock(s.body, false) });
        break;
      case "when":
        end();
        steps.push({
          kind: "when",
          condition: s.condition,
          then: planBlock(s.then, false),
          otherwise: planBlock(s.otherwise, false),
        });
        break;
      default:
        after.push(s);
    }
  }
  end();
  return { steps, shown: shown.length > 0 ? shown : made, forms };
}
