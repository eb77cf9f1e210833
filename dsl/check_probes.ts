import type { Expr } from "../core/query/mod.ts";
import type { CollectSource, ProbeText } from "./ast.ts";
import type { CheckContext } from "./check_expr.ts";
import type { CheckedSource } from "./checked_source.ts";
import type { RecipeRegistry } from "./registry.ts";
import { resolveProbes } from "./resolve_points.ts";
import { rowFlow } from "./row_flow.ts";

/** Checks `collect PROBE, …`. Null when something is wrong. */
export function checkProbes(
  source: CollectSource,
  texts: readonly ProbeText[],
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  const found = resolveProbes(texts, registry, cx);
  if (!found) return null;
  return {
    plan: {
      kind: "probes",
      source: { kind: "event", probes: found.points },
      duration,
      includeSelf: source.includeSelf !== null,
    },
    flow: rowFlow(found, registry.probeField?.bind(registry), "probes"),
  };
}
