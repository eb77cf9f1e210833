import { field } from "../core/data/mod.ts";
import { type Expr, MAX_IN_FLIGHT } from "../core/query/mod.ts";
import type { CollectSource, ProbeText } from "./ast.ts";
import { BUILTINS } from "./builtins.ts";
import type { CheckContext } from "./check_expr.ts";
import type { CheckedSource } from "./checked_source.ts";
import type { RecipeRegistry } from "./registry.ts";
import { resolveCalls } from "./resolve_points.ts";
import { rowFlow } from "./row_flow.ts";

/** What the calls of every function have, whatever is known of it. */
const ALWAYS = [
  ...BUILTINS,
  field("ret", "int", "What it returned"),
  field("errno", "int", "The error that it returned; 0 when it succeeded"),
  field("duration", "duration", "From its entry to its return"),
];

/** Checks `collect calls FUNCTION, …`. Null when something is wrong. */
export function checkCalls(
  source: CollectSource,
  texts: readonly ProbeText[],
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  const found = resolveCalls(texts, registry, cx);
  if (!found) return null;
  const known = { ...found, fields: found.fields.map((f) => f ?? ALWAYS) };
  return {
    plan: {
      kind: "probes",
      source: { kind: "calls", targets: found.points, maxInFlight: MAX_IN_FLIGHT },
      duration,
      includeSelf: source.includeSelf !== null,
    },
    flow: rowFlow(known, registry.callField?.bind(registry), "calls"),
  };
}
