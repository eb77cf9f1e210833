import type * as ast from "./ast.ts";
import { checkCondition } from "./check_condition.ts";
import { checkDuration } from "./check_source.ts";
import { checkResult, type Results, type State } from "./check_state.ts";
import type { AlertPlan } from "./plan.ts";

/** Checks `alert "message" when COND for D with NAME, …`. Null when something is wrong. */
export function checkAlert(s: ast.AlertStatement, results: Results, state: State): AlertPlan | null {
  const { cx } = state;
  const condition = s.condition && checkCondition(s.condition, "alert", results, cx);
  const holdFor = s.duration && checkDuration(s.duration, "the time that it has to hold", cx);
  const names = (s.results ?? []).map((n) => checkResult(n, results, state));
  if (!s.message || (s.condition && !condition) || (s.duration && !holdFor) || names.includes(null)) return null;
  return { kind: "alert", message: s.message.value, condition, holdFor, results: names as string[] };
}
