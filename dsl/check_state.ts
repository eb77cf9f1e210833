import type { Stage as PluginStage } from "../core/plugin_api/mod.ts";
import type * as ast from "./ast.ts";
import type { CheckContext } from "./check_expr.ts";
import type { Flow } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { PlanParam } from "./plan.ts";
import type { RecipeRegistry } from "./registry.ts";

/** What the checks of one recipe's statements share. */
export interface State {
  readonly registry: RecipeRegistry;
  /** Stages of plugins that the recipe names. */
  readonly stages: ReadonlyMap<string, PluginStage>;
  readonly cx: CheckContext;
  /** Length of the recipe itself: what lies behind is of files that it includes. */
  readonly ownLength: number;
  /** Names of all pipelines of the recipe so far, blocks included: results have one name each. */
  readonly taken: Set<string>;
  unnamed: number;
  recipe: ast.RecipeStatement | null;
  /** `isOwn`: of the recipe itself, not of a file that it includes. */
  readonly params: (PlanParam & { readonly isOwn: boolean })[];
  /** The last names of blocks that show nothing. */
  readonly silent: ast.Ident[];
}

/** Results so far, by name; null for one whose pipeline has errors. */
export type Results = Map<string, Flow | null>;

/** `result`, `result_2`, …: the next that no other result has. */
export function freeName(state: State): string {
  for (;;) {
    const name = ++state.unnamed === 1 ? "result" : `result_${state.unnamed}`;
    if (state.taken.has(name)) continue;
    state.taken.add(name);
    return name;
  }
}

/** Takes a name for a result. */
export function declare(name: ast.Ident, state: State): boolean {
  if (!state.taken.has(name.name)) {
    state.taken.add(name.name);
    return true;
  }
  state.cx.out.error(
    name.span,
    "duplicate",
    `There is a result "${name.name}" already`,
    "Names of results are given once",
  );
  return false;
}

/** The name of a result that was made before. Null when there is none (reported) or it has errors. */
export function checkResult(name: ast.Ident, results: Results, state: State): string | null {
  if (results.has(name.name)) return name.name;
  if (state.cx.out.full) return null;
  const names = [...results.keys()];
  const list = names.length > 0 ? `Results so far: ${names.join(", ")}` : "No result was made before this line";
  const collector = state.registry.collector(name.name) ? `To collect, write: collect ${name.name}` : "";
  const inner = state.taken.has(name.name) ? `"${name.name}" is made in a block, and known there only` : "";
  const hint = [inner || didYouMean(name.name, names), collector, list].filter(Boolean).join("\n");
  state.cx.out.error(name.span, "unknown-result", `There is no result "${name.name}"`, hint);
  return null;
}
