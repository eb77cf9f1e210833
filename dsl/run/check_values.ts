import { UsageError } from "../../core/data/mod.ts";
import { AGGREGATES, type Bindings, type Expr } from "../../core/query/mod.ts";
import type { ConditionPlan, StagePlan } from "../plan.ts";
import { constantValue } from "./bind.ts";

/**
 * Refuses values of parameters that a stage does not take; constants were checked with the recipe.
 *
 * @throws {UsageError}
 */
export function checkStageValues(stages: readonly StagePlan[], bindings: Bindings): void {
  const numberOf = (e: Expr): number => Number(constantValue(e, bindings));
  for (const stage of stages) {
    switch (stage.kind) {
      case "top":
      case "limit":
        if (!(numberOf(stage.count) >= 0)) {
          throw new UsageError(`The number of ${stage.kind} is not below 0`, `Here it is ${numberOf(stage.count)}`);
        }
        break;
      case "detect":
        if (!(numberOf(stage.threshold) > 0)) {
          throw new UsageError("The threshold of detect is above 0", `Here it is ${numberOf(stage.threshold)}`);
        }
        break;
      case "derive":
        for (const { name, expr } of stage.derived) {
          const step = stepOf(expr);
          if (!BINS.includes(name) || !step || numberOf(step) > 0) continue;
          throw new UsageError("A window is longer than 0", "Such as: window 1s");
        }
        break;
      case "aggregate":
        for (const { fn, args } of stage.aggregates) checkConstants(fn, args, bindings);
        break;
    }
  }
}

/** The same for the aggregations of a condition. @throws {UsageError} */
export function checkConditionValues({ figures }: ConditionPlan, bindings: Bindings): void {
  for (const { fn, args } of figures) if (fn !== null) checkConstants(fn, args, bindings);
}

function checkConstants(fn: string, args: readonly Expr[], bindings: Bindings): void {
  const aggregate = AGGREGATES.get(fn);
  const constants = aggregate ? args.slice(aggregate.constantsFrom).map((a) => constantValue(a, bindings)) : [];
  if (!constants.every((c) => typeof c === "number" || typeof c === "bigint")) return;
  const problem = aggregate?.constantsProblem?.(constants) ?? null;
  if (problem !== null) throw new UsageError(problem, `It is ${aggregate!.signature}`);
}

/** Columns that `window` and `series` add. */
const BINS: readonly string[] = ["window", "#time"];

/** The step of `time - time % step`. */
function stepOf(e: Expr): Expr | null {
  return e.op === "binary" && e.fn === "-" && e.right.op === "binary" && e.right.fn === "%" ? e.right.right : null;
}
