import type { FieldType } from "../core/data/mod.ts";
import { adaptLiteral, type ValueType, valueType } from "../core/query/mod.ts";
import type * as ast from "./ast.ts";
import { checkCondition } from "./check_condition.ts";
import { aType, type CheckContext, checkExpr, checkTyped, isAddress } from "./check_expr.ts";
import { fits } from "./check_collector.ts";
import { checkDuration, checkSource } from "./check_source.ts";
import { checkStage } from "./check_stage.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { type Flow, implicitSelect, namedColumn, outputFields } from "./flow.ts";
import { didYouMean } from "./nearest.ts";
import type { AskPlan, ExpectPlan, PipelinePlan, PlanParam, StagePlan } from "./plan.ts";
import type { RecipeRegistry } from "./registry.ts";
import { columnScope, constantScope } from "./scope.ts";

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
  | { readonly kind: "pipeline"; readonly pipeline: PipelinePlan; readonly named: boolean }
  | {
    readonly kind: "when";
    readonly condition: NonNullable<ReturnType<typeof checkCondition>>;
    readonly then: readonly CheckedStatement[];
    readonly otherwise: readonly CheckedStatement[];
  }
  | ExpectPlan
  | { readonly kind: "show"; readonly names: readonly string[] }
  | { readonly kind: "save"; readonly result: string; readonly file: string }
  | AskPlan;

interface State {
  readonly registry: RecipeRegistry;
  readonly cx: CheckContext;
  /** Names of all pipelines of the recipe so far, blocks included: results have one name each. */
  readonly taken: Set<string>;
  unnamed: number;
  recipe: ast.RecipeStatement | null;
  readonly params: PlanParam[];
}

/**
 * Resolves every name and checks every type of a recipe. What is wrong is reported; the answer is only of use when
 * nothing was.
 */
export function checkTree(tree: ast.Tree, registry: RecipeRegistry, out: Diagnostics): CheckedRecipe {
  const state: State = {
    registry,
    cx: { out, params: new Map(), used: new Set() },
    taken: new Set(),
    unnamed: 0,
    recipe: null,
    params: [],
  };
  const body = checkStatements(tree.statements, new Map(), false, state);
  for (const s of tree.statements) {
    if (out.hasErrors || s.kind !== "param" || state.cx.used.has(s.name.name)) continue;
    out.warn(
      s.name.span,
      "unused-param",
      `The parameter "${s.name.name}" is not used`,
      `It is used as $${s.name.name}`,
    );
  }
  const { recipe, params } = state;
  return { recipe: recipe?.name.name ?? "", title: recipe?.title?.value ?? "", params, body };
}

type Results = Map<string, Flow | null>;

function checkStatements(
  statements: readonly ast.Statement[],
  outer: Results,
  inBlock: boolean,
  state: State,
): CheckedStatement[] {
  const results: Results = new Map(outer);
  return statements.flatMap((s) => state.cx.out.full ? [] : checkStatement(s, results, inBlock, state) ?? []);
}

function checkStatement(s: ast.Statement, results: Results, inBlock: boolean, state: State): CheckedStatement | null {
  const { cx } = state;
  switch (s.kind) {
    case "recipe":
      if (inBlock || state.recipe) {
        const why = inBlock ? "The recipe line stands outside of blocks" : "There is a recipe line already";
        cx.out.error(s.span, "duplicate", why);
      } else state.recipe = s;
      return null;
    case "param":
      if (inBlock) cx.out.error(s.span, "param", "Parameters are declared outside of blocks");
      else checkParam(s, state);
      return null;
    case "let":
      return checkLet(s, results, state);
    case "pipeline": {
      const name = freeName(state);
      const made = checkPipeline(name, s.pipeline, results, state);
      results.set(name, made?.flow ?? null);
      return made && { kind: "pipeline", pipeline: made.plan, named: false };
    }
    case "when": {
      const condition = s.condition && checkCondition(s.condition, "when", results, cx);
      const then = checkStatements(s.then, results, true, state);
      const otherwise = checkStatements(s.otherwise, results, true, state);
      return condition && { kind: "when", condition, then, otherwise };
    }
    case "expect": {
      const condition = s.condition && checkCondition(s.condition, "expect", results, cx);
      const tolerate = s.tolerate &&
        checkTyped(s.tolerate, "ratio", "The tolerance", "tolerate 5%", constantScope("tolerate"), cx);
      if (s.tolerate && !tolerate) return null;
      return condition && { kind: "expect", condition, tolerate, message: s.message?.value ?? "" };
    }
    case "show": {
      const names = s.items.map((i) => checkResult(i.name, results, state));
      return names.includes(null) ? null : { kind: "show", names: names as string[] };
    }
    case "save":
      return checkSave(s, results, state);
    case "ask":
    case "investigate":
      return checkAsk(s, results, state);
    case "every":
      cx.out.error(wordSpan(s, "every"), "later", '"every" is not available in this version');
      if (s.period) checkDuration(s.period, "the period", cx);
      checkStatements(s.body, results, true, state);
      return null;
    case "alert":
    case "include":
      cx.out.error(wordSpan(s, s.kind), "later", `"${s.kind}" is not available in this version`);
      return null;
  }
}

const PARAM_TYPES: readonly FieldType[] = [
  ...["int", "float", "bool", "string", "duration", "bytes", "rate", "ratio", "pid", "tid", "address", "ip"] as const,
];

function checkParam(s: ast.ParamStatement, state: State): void {
  const { cx } = state;
  const { name, span } = s.name;
  if (cx.params.has(name)) {
    cx.out.error(span, "duplicate", `There is a parameter "${name}" already`);
    return;
  }
  let t: ValueType | null = null;
  if (s.type) {
    const type = PARAM_TYPES.find((p) => p === s.type?.name);
    if (type) t = valueType(type);
    else {
      const hints = [didYouMean(s.type.name, PARAM_TYPES), `Types: ${PARAM_TYPES.join(", ")}`];
      cx.out.error(
        s.type.span,
        "unknown-type",
        `"${s.type.name}" is no type of parameters`,
        hints.filter(Boolean).join("\n"),
      );
    }
  }
  let value = s.default && checkExpr(s.default, constantScope("a default"), cx);
  if (value && t) value = adaptLiteral(value, t);
  if (value && t && !isAddress(value, t, s.default!.span, cx)) value = null;
  if (value && t && !fits(value.t, t)) {
    const hint = t.type === "duration" ? "Such as: 10s" : t.type === "bytes" ? "Such as: 4KiB" : "";
    cx.out.error(s.default!.span, "type", `"${name}" is ${aType(t)}, its default ${aType(value.t)}`, hint);
    value = null;
  }
  if (!s.type && !s.default) {
    cx.out.error(span, "param", `"${name}" needs a type or a default`, `Write: param ${name}: duration = 10s`);
  }
  if (!s.type && value?.t.type === "null") {
    cx.out.error(s.default!.span, "param", `"${name}" needs a type or a default`, "null has no type");
  }
  // A parameter of the declared type, whatever is wrong with its default: what uses it can still be checked. A rate
  // keeps the unit of its default.
  const type = t?.type === "rate" && value ? value.t : t ?? value?.t ?? valueType("int");
  cx.params.set(name, type);
  state.params.push({ name, t: type, default: value, doc: s.doc?.value ?? "" });
}

function checkLet(s: ast.LetStatement, results: Results, state: State): CheckedStatement | null {
  const { cx } = state;
  const free = declare(s.name, state);
  if (s.value && s.value.kind !== "missing") {
    const hint = `A constant is a parameter: param ${s.name.name} = …`;
    cx.out.error(s.value.span, "let", `"let" names the result of a pipeline`, hint);
  }
  const made = s.pipeline && checkPipeline(s.name.name, s.pipeline, results, state);
  if (!free) return null;
  results.set(s.name.name, made?.flow ?? null);
  return made && { kind: "pipeline", pipeline: made.plan, named: true };
}

/** `result`, `result_2`, …: the next that no other result has. */
function freeName(state: State): string {
  for (;;) {
    const name = ++state.unnamed === 1 ? "result" : `result_${state.unnamed}`;
    if (state.taken.has(name)) continue;
    state.taken.add(name);
    return name;
  }
}

/** Takes a name for a result. */
function declare(name: ast.Ident, state: State): boolean {
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

function checkPipeline(
  name: string,
  p: ast.Pipeline,
  results: Results,
  state: State,
): { plan: PipelinePlan; flow: Flow } | null {
  const source = checkPipelineSource(p.source, results, state);
  if (!source) return null;
  let { flow } = source;
  const stages: StagePlan[] = [];
  for (const stage of p.stages) {
    const scope = columnScope(flow.of, flow.columns, flow);
    const checked = checkStage(stage, flow, scope, state.cx);
    if (!checked) return null;
    stages.push(checked.plan);
    flow = checked.flow;
  }
  const select = implicitSelect(flow);
  if (select) stages.push({ kind: "select", columns: select });
  const fields = outputFields(flow);
  const output: Flow = {
    ...flow,
    of: `"${name}"`,
    note: undefined,
    member: undefined,
    refuse: undefined,
    atSource: undefined,
    columns: flow.columns.filter((c) => c.shown).map((c) => ({
      ...namedColumn(c.output, c.t, c.doc, c.calls),
      aliases: [...new Set([c.output, ...c.aliases])],
    })),
  };
  return { plan: { name, source: source.plan, stages, fields }, flow: output };
}

function checkPipelineSource(source: ast.Source, results: Results, state: State): ReturnType<typeof checkSource> {
  if (source.kind === "collect") return checkSource(source, state.registry, state.cx);
  const name = checkResult(source.name, results, state);
  const flow = name === null ? null : results.get(name);
  return name !== null && flow ? { plan: { kind: "result", result: name }, flow } : null;
}

/** The name of a result that was made before. Null when there is none (reported) or it has errors. */
function checkResult(name: ast.Ident, results: Results, state: State): string | null {
  if (results.has(name.name)) return name.name;
  if (state.cx.out.full) return null;
  const names = [...results.keys()];
  const list = names.length > 0 ? `Results so far: ${names.join(", ")}` : "No result was made before this line";
  const collector = state.registry.collector(name.name) ? `To collect, write: collect ${name.name}` : "";
  const hint = [didYouMean(name.name, names), collector, list].filter(Boolean).join("\n");
  state.cx.out.error(name.span, "unknown-result", `There is no result "${name.name}"`, hint);
  return null;
}

function checkSave(s: ast.SaveStatement, results: Results, state: State): CheckedStatement | null {
  const name = s.name && checkResult(s.name, results, state);
  if (!name || !s.file) return null;
  const endings = state.registry.saveExtensions();
  const list = `Endings: ${endings.join(", ")}`;
  if (!endings.includes(endingOf(s.file.value))) {
    state.cx.out.error(s.file.span, "file", `The ending of "${s.file.value}" names no format`, list);
    return null;
  }
  const flow = results.get(name);
  if (flow && flow.kind !== "profile" && PROFILE_ENDINGS.includes(endingOf(s.file.value))) {
    state.cx.out.error(
      s.file.span,
      "file",
      `Only a profile is saved as ${endingOf(s.file.value)}; "${name}" is a table`,
      list,
    );
    return null;
  }
  return { kind: "save", result: name, file: s.file.value };
}

const PROFILE_ENDINGS: readonly string[] = [".svg", ".folded"];

/** `.svg` of `out/cpu.svg`; empty without one. */
function endingOf(file: string): string {
  return /[^/]\.[^./]*$/.exec(file)?.[0].slice(1) ?? "";
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
