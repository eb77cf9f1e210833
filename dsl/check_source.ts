import type { Expr } from "../core/query/mod.ts";
import type { Collected, CollectSource } from "./ast.ts";
import { checkCalls } from "./check_calls.ts";
import { checkCollector } from "./check_collector.ts";
import { type CheckContext, checkTyped } from "./check_expr.ts";
import { checkProbes } from "./check_probes.ts";
import { checkSpan } from "./check_span.ts";
import type { CheckedSource } from "./checked_source.ts";
import type { RecipeRegistry } from "./registry.ts";
import { constantScope } from "./scope.ts";

/** Checks `collect …`. Null when something is wrong. */
export function checkSource(source: CollectSource, registry: RecipeRegistry, cx: CheckContext): CheckedSource | null {
  const { what } = source;
  const duration = source.duration ? checkDuration(source.duration, "the window", cx) : null;
  if (!what || (source.duration && !duration)) {
    if (what) checkWhat(source, what, null, registry, cx);
    return null;
  }
  return checkWhat(source, what, duration, registry, cx);
}

/** Whether a constant is greater than a number; what a parameter decides may be. */
export function isAbove(e: Expr, least: number): boolean {
  if (e.op === "unary" && e.fn === "-" && e.arg.op === "lit") return -Number(e.arg.value) > least;
  return e.op !== "lit" || Number(e.value) > least;
}

/** A constant duration above 0. */
export function checkDuration(
  node: NonNullable<CollectSource["duration"]>,
  what: string,
  cx: CheckContext,
): Expr | null {
  const e = checkTyped(node, "duration", what[0].toUpperCase() + what.slice(1), "10s", constantScope(what), cx);
  if (e && !isAbove(e, 0)) {
    cx.out.error(node.span, "value", `${what[0].toUpperCase()}${what.slice(1)} is longer than 0`, "Such as: 10s");
    return null;
  }
  return e;
}

function checkWhat(
  source: CollectSource,
  what: Collected,
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  switch (what.kind) {
    case "collector":
      return checkCollector(source, what, duration, registry, cx);
    case "probes":
      return checkProbes(source, what.probes, duration, registry, cx);
    case "calls":
      return checkCalls(source, what.targets, duration, registry, cx);
    case "span":
      return checkSpan(source, what, duration, registry, cx);
  }
}
