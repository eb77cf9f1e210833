import type * as ast from "./ast.ts";
import { checkCondition } from "./check_condition.ts";
import { checkDuration } from "./check_source.ts";
import { checkResult, type Results, type State } from "./check_state.ts";
import type { AlertPlan } from "./plan.ts";

/**
 * Checks `alert "message" when COND for D with NAME, …`. Null when something is wrong.
 *
 * @param inEvery whether it is looked at again and again
 */
export function checkAlert(
  s: ast.AlertStatement,
  results: Results,
  inEvery: boolean,
  state: State,
): AlertPlan | null {
  const { cx } = state;
  const condition = s.condition && checkCondition(s.condition, "alert", results, cx);
  const holdFor = s.duration && checkDuration(s.duration, "the time that it has to hold", cx);
  if (s.duration && holdFor && !inEvery) {
    const message = 'An alert with "for" stands in every: it is looked at once here, and never fires';
    cx.out.error(s.duration.span, "alert", message, "Such as: every 5s { … alert … when … for 30s }");
    return null;
  }
  const names = (s.results ?? []).map((n) => checkResult(n, results, state));
  if (!s.message || (s.condition && !condition) || (s.duration && !holdFor) || names.includes(null)) return null;
  return { kind: "alert", message: s.message.value, condition, holdFor, results: names as string[] };
}
