import { AGGREGATES, aggregateType, type Expr, isProblem } from "../core/query/mod.ts";
import { nodeText } from "./_node_text.ts";
import type { CallNode, ExprNode } from "./ast.ts";
import { wrongConstants } from "./check_aggregate.ts";
import { aType, type CheckContext, checkExpr, plainArgs } from "./check_expr.ts";
import type { KnownResults } from "./checked_stage.ts";
import type { Flow } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { ConditionPlan, Figure } from "./plan.ts";
import type { Scope } from "./scope.ts";

/**
 * Checks the condition of `expect` or `when`: aggregates over results (`max(waits.p99_duration)`, `count(waits)`),
 * columns of results with one row (`total.count`), parameters and constants.
 */
export function checkCondition(
  node: ExprNode,
  of: string,
  results: KnownResults,
  cx: CheckContext,
): ConditionPlan | null {
  const figures: Figure[] = [];
  const byText = new Map<string, Expr>();
  if (!takeFigures(node, results, figures, byText, cx)) return null;
  const expr = checkExpr(node, resultScope(of, results, figures, byText), cx);
  if (!expr) return null;
  if (expr.t.type !== "bool" && expr.t.type !== "null") {
    cx.out.error(node.span, "type", `${of} needs a bool, here is ${aType(expr.t)}`, "Write a comparison");
    return null;
  }
  return { text: nodeText(node), figures, expr };
}

/** Checks every aggregate in the expression and notes it as a figure. False when one is wrong. */
function takeFigures(
  node: ExprNode,
  results: KnownResults,
  figures: Figure[],
  byText: Map<string, Expr>,
  cx: CheckContext,
): boolean {
  const inner = (nodes: readonly ExprNode[]): boolean =>
    nodes.map((n) => takeFigures(n, results, figures, byText, cx)).every(Boolean);
  switch (node.kind) {
    case "call": {
      if (!AGGREGATES.has(node.name.name)) return inner(node.args.map((a) => a.value));
      const text = nodeText(node);
      if (byText.has(text)) return true;
      const figure = checkFigure(node, `#${figures.length}`, results, cx);
      if (!figure) return false;
      figures.push(figure);
      byText.set(text, { op: "field", name: figure.name, t: figure.t });
      return true;
    }
    case "unary":
      return inner([node.arg]);
    case "binary":
      return inner([node.left, node.right]);
    case "list":
      return inner(node.items);
    default:
      return true;
  }
}

function checkFigure(node: CallNode, name: string, results: KnownResults, cx: CheckContext): Figure | null {
  const fn = node.name.name;
  const paths = node.args.flatMap((a) => pathsOf(a.value));
  const used = [...new Set(paths.map((p) => p.name.split(".")[0]))];
  if (used.length === 0) {
    const example = fn === "count" ? "count(RESULT)" : `${fn}(RESULT.COLUMN)`;
    cx.out.error(node.span, "result", `"${fn}" needs a result to aggregate`, `Write ${example}`);
    return null;
  }
  const known = used.filter((u) => results.has(u));
  if (known.length < used.length) {
    const path = paths.find((p) => !results.has(p.name.split(".")[0]))!;
    unknownResult(path.name.split(".")[0], path.span, results, cx);
    return null;
  }
  if (used.length > 1) {
    cx.out.error(node.span, "result", `"${fn}" aggregates one result, here are ${used.join(" and ")}`);
    return null;
  }
  const flow = results.get(used[0]);
  if (!flow) return null; // its pipeline has errors, which were reported
  if (flow.kind !== "rows") {
    cx.out.error(node.span, "profile", `"${used[0]}" is a ${flow.kind}: it has no columns`);
    return null;
  }
  const only = node.args[0]?.value;
  if (node.args.length === 1 && only.kind === "path" && only.name === used[0]) {
    if (fn === "count") return { name, result: used[0], fn, args: [], t: { type: "int", unit: "count" } };
    const columns = flow.columns.map((c) => c.output).join(", ");
    cx.out.error(only.span, "result", `"${fn}" needs a column of "${used[0]}"`, `Columns: ${columns}`);
    return null;
  }
  const args = plainArgs(node, rowScope(used[0], flow), cx);
  if (!args) return null;
  const t = aggregateType(fn, args.map((a) => a.t));
  if (isProblem(t)) {
    cx.out.error(node.span, "type", t.error, t.hint);
    return null;
  }
  for (let i = AGGREGATES.get(fn)!.constantsFrom; i < args.length; i++) {
    if (args[i].op === "lit" || args[i].op === "param") continue;
    cx.out.error(
      node.args[i].span,
      "type",
      `This argument of "${fn}" is a constant`,
      `It is ${AGGREGATES.get(fn)!.signature}`,
    );
    return null;
  }
  return wrongConstants(node, args, cx) ? null : { name, result: used[0], fn, args, t };
}

/** The columns of one result, written `result.column`. */
function rowScope(result: string, flow: Flow): Scope {
  return {
    of: `"${result}"`,
    name: (name): Expr | undefined => {
      const column = columnOf(name, result, flow);
      return column && { op: "field", name: column.output, t: column.t };
    },
    names: () => flow.columns.filter((c) => c.shown).map((c) => `${result}.${c.output}`),
  };
}

/** Outside of aggregates: columns of results with one row, noted as figures when they are used. */
function resultScope(of: string, results: KnownResults, figures: Figure[], byText: ReadonlyMap<string, Expr>): Scope {
  const flowOf = (name: string): [string, Flow | null | undefined] => {
    const result = name.split(".")[0];
    return [result, results.get(result)];
  };
  return {
    of,
    name: (name): Expr | undefined => {
      const [result, flow] = flowOf(name);
      const column = flow?.oneRow ? columnOf(name, result, flow) : undefined;
      if (!column) return undefined;
      const same = figures.find((f) =>
        f.fn === null && f.result === result && f.args[0].op === "field" && f.args[0].name === column.output
      );
      const figure: Figure = same ?? {
        name: `#${figures.length}`,
        result,
        fn: null,
        args: [{ op: "field", name: column.output, t: column.t }],
        t: column.t,
      };
      if (!same) figures.push(figure);
      return { op: "field", name: figure.name, t: column.t };
    },
    call: (text) => byText.get(text),
    names: () => [...results.keys()],
    refuse: (name) => {
      const [result, flow] = flowOf(name);
      if (flow === undefined) {
        const names = [...results.keys()];
        const list = names.length > 0 ? `Results so far: ${names.join(", ")}` : "No result was made before this line";
        return {
          message: `There is no result "${result}"`,
          hint: [didYouMean(result, names), list].filter(Boolean).join("\n"),
        };
      }
      if (flow === null) return { message: `The pipeline of "${result}" has errors`, hint: "" };
      const columns = flow.columns.filter((c) => c.shown).map((c) => c.output);
      const rest = name.slice(result.length + 1);
      if (flow.kind !== "rows") return { message: `"${result}" is a ${flow.kind}: it has no columns`, hint: "" };
      if (rest === "") {
        return {
          message: `"${result}" has columns: which one?`,
          hint: `Columns: ${columns.join(", ")}\ncount(${result}) is its number of rows`,
        };
      }
      if (!flow.oneRow && columns.includes(rest)) {
        return { message: `"${result}" may have many rows`, hint: `Aggregate them: max(${name}), sum(${name}), …` };
      }
      return {
        message: `"${result}" has no column "${rest}"`,
        hint: [
          rest === "count" ? `count(${result}) is its number of rows` : didYouMean(rest, columns),
          `Columns: ${columns.join(", ")}`,
        ].filter(Boolean).join("\n"),
      };
    },
  };
}

function columnOf(name: string, result: string, flow: Flow): Flow["columns"][number] | undefined {
  if (!name.startsWith(`${result}.`)) return undefined;
  const rest = name.slice(result.length + 1);
  return flow.columns.find((c) => c.shown && (c.output === rest || c.field === rest));
}

function unknownResult(name: string, span: CallNode["span"], results: KnownResults, cx: CheckContext): void {
  const names = [...results.keys()];
  const list = names.length > 0 ? `Results so far: ${names.join(", ")}` : "No result was made before this line";
  const having = [...results].filter(([, flow]) => flow?.columns.some((c) => c.shown && c.output === name));
  const column = having.length > 0 ? `Columns are written with their result: ${having[0][0]}.${name}` : "";
  const hint = [column || didYouMean(name, names), list].filter(Boolean).join("\n");
  cx.out.error(
    { start: span.start, end: span.start + name.length },
    "unknown-result",
    `There is no result "${name}"`,
    hint,
  );
}

function pathsOf(node: ExprNode): { name: string; span: CallNode["span"] }[] {
  switch (node.kind) {
    case "path":
      return [node];
    case "call":
      return node.args.flatMap((a) => pathsOf(a.value));
    case "unary":
      return pathsOf(node.arg);
    case "binary":
      return [...pathsOf(node.left), ...pathsOf(node.right)];
    case "list":
      return node.items.flatMap(pathsOf);
    default:
      return [];
  }
}
