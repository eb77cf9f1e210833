import type { Stage } from "./ast.ts";
import { aType, checkExpr } from "./check_expr.ts";
import { bare, needs, noBy } from "./check_items.ts";
import { isAbove } from "./check_source.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import type { Flow } from "./flow.ts";
import { constantScope, type Scope } from "./scope.ts";

const EXAMPLE = "| sample 1%, or | sample 100";

/** Checks `sample RATIO` and `sample COUNT`. Null when something is wrong. */
export function checkSample(stage: Stage, flow: Flow, _scope: Scope, cx: PipelineContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const [item, more] = stage.items;
  if (!item) return needs(stage, "a part or a number of rows", EXAMPLE, cx);
  if (more) {
    cx.out.error(more.span, "syntax", "sample takes one number", `Such as: ${EXAMPLE}`);
    return null;
  }
  if (!bare(item, "sample", cx)) return null;
  const size = checkExpr(item.expr, constantScope("the size of a sample"), cx);
  if (!size) return null;
  if (size.t.type !== "int" && size.t.type !== "ratio") {
    const message = `A sample is a ratio or a number of rows, here is ${aType(size.t)}`;
    cx.out.error(item.span, "type", message, `Such as: ${EXAMPLE}`);
    return null;
  }
  if (!isAbove(size, 0) || (size.op === "lit" && size.t.type === "ratio" && Number(size.value) > 1)) {
    cx.out.error(item.span, "value", "A sample is more than nothing, and at most 100%", `Such as: ${EXAMPLE}`);
    return null;
  }
  return { plans: [{ kind: "sample", size }], flow };
}
