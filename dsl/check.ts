import type { Stage as PluginStage } from "../core/plugin_api/mod.ts";
import { nodeText } from "./_node_text.ts";
import type * as ast from "./ast.ts";
import { checkAlert } from "./check_alert.ts";
import { checkCondition } from "./check_condition.ts";
import { checkTyped } from "./check_expr.ts";
import { checkParam } from "./check_param.ts";
import { checkPipeline } from "./check_pipeline.ts";
import { checkSave, checkShow, checkShownOnce } from "./check_show.ts";
import { checkDuration } from "./check_source.ts";
import { checkResult, declare, freeName, type Results, type State } from "./check_state.ts";
import type { Diagnostics } from "./diagnostic.ts";
import type { Observer } from "./observer.ts";
import type { AlertPlan, AskPlan, ExpectPlan, FormPlan, PipelinePlan, PlanParam } from "./plan.ts";
import type { RecipeRegistry } from "./registry.ts";
import { constantScope } from "./scope.ts";

/** A recipe without errors: its statements in their order, resolved and typed. */
export interface CheckedRecipe {
  readonly recipe: string;
  readonly title: string;
  readonly params: readonly PlanParam[];
  readonly body: readonly CheckedStatement[];
}

/** One statement that does something. */
export type CheckedStatement =
  /** `named`: by `let`; else it has a name of ours. */
  | {
    readonly kind: "pipeline";
    readonly pipeline: PipelinePlan;
    /** What is collected with it, for it alone. */
    readonly feeds: readonly PipelinePlan[];
    readonly named: boolean;
  }
  | {
    readonly kind: "when";
    readonly condition: NonNullable<ReturnType<typeof checkCondition>>;
    readonly then: readonly CheckedStatement[];
    readonly otherwise: readonly CheckedStatement[];
  }
  | {
    readonly kind: "every";
    readonly period: ExpectPlan["condition"]["expr"];
    readonly duration: ExpectPlan["condition"]["expr"] | null;
    readonly body: readonly CheckedStatement[];
  }
  | ExpectPlan
  | AlertPlan
  | { readonly kind: "show"; readonly names: readonly string[]; readonly forms: readonly FormPlan[] }
  | { readonly kind: "save"; readonly result: string; readonly file: string }
  | AskPlan;

/**
 * Resolves every name and checks every type of a recipe. What is wrong is reported; the answer is only of use when
 * nothing was.
 *
 * @param stages the stages of plugins that the recipe names
 * @param ownLength what lies behind it is of included files, of which not every parameter has to be used
 * @param observer for editors: is told what is known at each place
 */
export function checkTree(
  tree: ast.Tree,
  registry: RecipeRegistry,
  out: Diagnostics,
  stages: ReadonlyMap<string, PluginStage> = new Map(),
  ownLength = Infinity,
  observer?: Observer,
): CheckedRecipe {
  const state: State = {
    registry,
    stages,
    ownLength,
    cx: { out, params: new Map(), used: new Set(), aggregations: registry.aggregationNames?.(), observer },
    taken: new Set(),
    unnamed: 0,
    recipe: null,
    params: [],
    silent: [],
  };
  const body = checkStatements(tree.statements, new Map(), "recipe", state);
  for (const s of tree.statements) {
    if (out.hasErrors || s.kind !== "param" || state.cx.used.has(s.name.name) || s.span.start > ownLength) continue;
    out.warn(
      s.name.span,
      "unused-param",
      `The parameter "${s.name.name}" is not used`,
      `It is used as $${s.name.name}`,
    );
  }
  for (const { name, span } of state.silent) {
    // With errors, something may be missing that would show it.
    if (out.hasErrors) continue;
    out.warn(span, "silent", "This block shows nothing of what it measures", `Add: show ${name}`);
  }
  const { recipe, params } = state;
  return {
    recipe: recipe?.name.name ?? "",
    title: recipe?.title?.value ?? "",
    params: params.map(({ isOwn: _, ...p }) => p),
    body,
  };
}

/** Where a statement stands: in the recipe itself, between braces, or in a block that runs again and again. */
type Place = "recipe" | "block" | "every";

function checkStatements(
  statements: readonly ast.Statement[],
  outer: Results,
  place: Place,
  state: State,
): CheckedStatement[] {
  const results: Results = new Map(outer);
  checkShownOnce(statements, state.cx.out);
  return statements.flatMap((s) => {
    state.cx.observer?.results(s.span.start, results);
    // More errors are not taken, and each looks for names like the one that is wrong.
    const made = state.cx.out.full ? null : checkStatement(s, results, place, state);
    state.cx.observer?.results(s.span.end + 1, results);
    return made ?? [];
  });
}

function checkStatement(s: ast.Statement, results: Results, place: Place, state: State): CheckedStatement | null {
  const { cx } = state;
  const inBlock = place !== "recipe";
  switch (s.kind) {
    case "recipe":
      if (inBlock || state.recipe) {
        const why = inBlock ? "The recipe line stands outside of blocks" : "There is a recipe line already";
        cx.out.error(s.span, "duplicate", why, "A recipe has one, at its beginning");
      } else state.recipe = s;
      return null;
    case "param":
      if (inBlock) {
        cx.out.error(s.span, "param", "Parameters are declared outside of blocks", "At the beginning of the recipe");
      } else checkParam(s, state);
      return null;
    case "let":
      return checkLet(s, results, state);
    case "pipeline": {
      const name = freeName(state);
      const made = checkPipeline(name, s.pipeline, results, state);
      results.set(name, made?.flow ?? null);
      return made && { kind: "pipeline", pipeline: made.plan, feeds: made.feeds, named: false };
    }
    case "when": {
      const condition = s.condition && checkCondition(s.condition, "when", results, cx);
      const inner = place === "every" ? "every" : "block";
      for (const block of [s.then, s.otherwise]) noteSilence(block, state);
      const then = checkStatements(s.then, results, inner, state);
      const otherwise = checkStatements(s.otherwise, results, inner, state);
      return condition && { kind: "when", condition, then, otherwise };
    }
    case "expect": {
      const condition = s.condition && checkCondition(s.condition, "expect", results, cx);
      const tolerate = s.tolerate &&
        checkTyped(s.tolerate, "ratio", "The tolerance", "tolerate 5%", constantScope("tolerate"), cx);
      if (s.tolerate && !tolerate) return null;
      return condition && { kind: "expect", condition, tolerate, message: s.message?.value ?? "" };
    }
    case "show":
      return checkShow(s, results, place === "every", state);
    case "save":
      return checkSave(s, results, state);
    case "ask":
    case "investigate":
      return checkAsk(s, results, state);
    case "every":
      return checkEvery(s, results, place, state);
    case "alert":
      return checkAlert(s, results, place === "every", state);
    case "include":
      // What could be included has been put in its place.
      if (inBlock) cx.out.error(s.span, "include", "include stands outside of blocks");
      return null;
  }
}

function checkEvery(s: ast.EveryStatement, results: Results, place: Place, state: State): CheckedStatement | null {
  const { cx } = state;
  if (place === "every") {
    cx.out.error(wordSpan(s, "every"), "every", "every does not stand in another every", "Write one with both blocks");
  }
  const period = s.period && s.period.kind !== "missing" ? checkDuration(s.period, "the period", cx) : null;
  const duration = s.duration ? checkDuration(s.duration, "the time in all", cx) : null;
  noteSilence(s.body, state);
  const body = checkStatements(s.body, results, "every", state);
  if (!period || (s.duration && !duration)) return null;
  if (s.body.length === 0) {
    cx.out.error(wordSpan(s, "every"), "every", "This block does nothing", "Such as: every 5s { collect … }");
    return null;
  }
  return { kind: "every", period, duration, body };
}

/** Names of a block are its own: what it only names, nobody sees. */
function noteSilence(block: readonly ast.Statement[], state: State): void {
  if (block.length === 0 || !block.every((s) => s.kind === "let")) return;
  state.silent.push((block[block.length - 1] as ast.LetStatement).name);
}

function checkLet(s: ast.LetStatement, results: Results, state: State): CheckedStatement | null {
  const { cx } = state;
  const free = declare(s.name, state);
  if (s.value && s.value.kind !== "missing") {
    const hint = s.value.kind === "path" || s.value.kind === "call"
      ? `To collect, write: let ${s.name.name} = collect ${nodeText(s.value)}`
      : `A constant is a parameter: param ${s.name.name} = …`;
    cx.out.error(s.value.span, "let", `"let" names the result of a pipeline`, hint);
  }
  const made = s.pipeline && checkPipeline(s.name.name, s.pipeline, results, state);
  if (!free) return null;
  results.set(s.name.name, made?.flow ?? null);
  return made && { kind: "pipeline", pipeline: made.plan, feeds: made.feeds, named: true };
}

function checkAsk(s: ast.AskStatement, results: Results, state: State): CheckedStatement | null {
  const names = s.results === null
    ? [...results].filter(([, flow]) => flow !== null).map(([name]) => name)
    : s.results.map((n) => checkResult(n, results, state));
  if (s.duration && s.kind === "ask") {
    state.cx.out.error(s.duration.span, "ask", `"ask" measures nothing: it has no "for"`, "investigate measures");
    return null;
  }
  const duration = s.duration ? checkDuration(s.duration, "the measuring time", state.cx) : null;
  if (!s.question || names.includes(null) || (s.duration && !duration)) return null;
  return {
    kind: "ask",
    question: s.question.value,
    results: names as string[],
    tools: s.kind === "investigate",
    duration,
  };
}

function wordSpan(s: ast.Statement, word: string): ast.Ident["span"] {
  return { start: s.span.start, end: s.span.start + word.length };
}
