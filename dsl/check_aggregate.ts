import {
  AGGREGATES,
  type AggregateSpec,
  aggregateType,
  type Expr,
  isProblem,
  type NamedExpr,
} from "../core/query/mod.ts";
import { defaultName, nodeText } from "./_node_text.ts";
import type { CallNode, ExprNode, Stage, StageItem } from "./ast.ts";
import { type CheckContext, plainArgs } from "./check_expr.ts";
import { checkEnding } from "./check_ending.ts";
import { namedItems, needs, noDuplicates, noOrder } from "./check_items.ts";
import { WINDOW, WINDOW_KEY } from "./check_window.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { ENDINGS } from "./endings.ts";
import { type Flow, type FlowColumn, namedColumn } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { StagePlan } from "./plan.ts";
import type { Span } from "./position.ts";
import type { Scope } from "./scope.ts";

/** An aggregate that was checked. */
export interface CheckedAggregate {
  readonly spec: AggregateSpec;
  readonly column: FlowColumn;
  readonly span: Span;
}

/** Checks `aggregate CALL, … by KEY, …`. Null when something is wrong. */
export function checkAggregate(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  if (stage.items.length === 0) return needs(stage, "an aggregation", "| aggregate count() by comm", cx);
  const ending = stage.items.find((i) => i.expr.kind === "call" && Object.hasOwn(ENDINGS, i.expr.name.name));
  if (ending) return checkEnding(stage, ending, flow, scope, cx);
  const written = stage.by === null ? [] : namedItems(stage.by, "by", scope, cx);
  const aggregates: CheckedAggregate[] = [];
  for (const item of stage.items) {
    const made = checkAggregateItem(item, scope, cx);
    if (made) aggregates.push(made);
  }
  if (!written || aggregates.length < stage.items.length) return null;
  const windowed = flow.window !== undefined && !written.some((k) => k.named.name === WINDOW);
  const key = windowed ? flow.columns.find((c) => c.field === WINDOW)! : null;
  const columns = [...(key ? [key] : []), ...written.map((k) => k.column), ...aggregates.map((a) => a.column)];
  const spans = [...(key ? [stage.name.span] : []), ...[...written, ...aggregates].map((k) => k.span)];
  if (!noDuplicates(columns, spans, cx)) return null;
  const keys = [...(windowed ? [WINDOW_KEY] : []), ...written.map((k) => k.named)];
  return {
    plans: aggregatePlans(keys, aggregates, flow.window ?? null),
    flow: { of: "The aggregate", kind: "rows", columns, oneRow: keys.length === 0 },
  };
}

/**
 * What is done for an aggregate.
 *
 * @param window length of the windows by which it groups: rates are those of a window, and windows come in their order
 */
export function aggregatePlans(
  keys: readonly NamedExpr[],
  aggregates: readonly CheckedAggregate[],
  window: Expr | null,
): StagePlan[] {
  const specs = aggregates.map((a) => a.spec);
  if (!window) return [{ kind: "aggregate", keys, aggregates: specs }];
  const amount = (s: AggregateSpec): AggregateSpec => s.fn === "rate" ? { ...s, fn: s.args[0] ? "sum" : "count" } : s;
  // Where it is written among the keys, it keeps its place.
  const time = keys.find((k) => k.name === WINDOW) ?? keys[0];
  const sorted: StagePlan = { kind: "sort", keys: [{ expr: fieldOfKey(time), descending: false }] };
  const plans: StagePlan[] = [{ kind: "aggregate", keys, aggregates: specs.map(amount) }];
  if (specs.every((s) => s.fn !== "rate")) return [...plans, sorted];
  const columns = [
    ...keys.map((k) => ({ name: k.name, expr: fieldOfKey(k) })),
    ...aggregates.map(({ spec, column }): NamedExpr => {
      if (spec.fn !== "rate") return { name: spec.name, expr: { op: "field", name: spec.name, t: column.t } };
      const t = spec.args[0]?.t ?? { type: "int", unit: "count" };
      const left: Expr = { op: "field", name: spec.name, t };
      return { name: spec.name, expr: { op: "binary", fn: "/", left, right: window, t: column.t } };
    }),
  ];
  return [...plans, { kind: "select", columns }, sorted];
}

function fieldOfKey(key: NamedExpr): Expr {
  return { op: "field", name: key.name, t: key.expr.t };
}

/** What to write for an item that is no call. */
function callHint(node: ExprNode): string {
  if (node.kind === "path") {
    return AGGREGATES.has(node.name)
      ? `Write: ${node.name}(${node.name === "count" ? "" : "…"})`
      : `Write max(${node.name}) or group: … by ${node.name}`;
  }
  if (node.kind === "binary" && node.op === "=" && node.right.kind === "call") {
    return `Write: ${nodeText(node.right)} as ${nodeText(node.left)}`;
  }
  return "Aggregate first, and compute in a derive after it: | derive NAME = EXPRESSION";
}

/** Reports constants that an aggregation does not take. What a parameter decides is looked at when its value is known. */
export function wrongConstants(node: CallNode, args: readonly Expr[], cx: CheckContext): boolean {
  const { constantsFrom, constantsProblem } = AGGREGATES.get(node.name.name)!;
  const constants = args.slice(constantsFrom).map((a) => a.op === "lit" ? a.value : null);
  if (!constants.every((c) => typeof c === "number" || typeof c === "bigint")) return false;
  const problem = constantsProblem?.(constants) ?? null;
  if (problem !== null) cx.out.error(node.span, "value", problem, `It is ${AGGREGATES.get(node.name.name)!.signature}`);
  return problem !== null;
}

/** Checks one call of an aggregate stage. Null when something is wrong. */
export function checkAggregateItem(item: StageItem, scope: Scope, cx: CheckContext): CheckedAggregate | null {
  const { expr: node } = item;
  if (node.kind === "missing" || !noOrder(item, "aggregate", cx)) return null;
  if (node.kind !== "call") {
    const hint = callHint(node);
    cx.out.error(node.span, "aggregate", "aggregate takes calls such as count() or p99(duration)", hint);
    return null;
  }
  const fn = node.name.name;
  const aggregate = AGGREGATES.get(fn);
  if (!aggregate) {
    const names = [...new Set([...AGGREGATES.keys(), ...Object.keys(ENDINGS), ...cx.aggregations ?? []])];
    const hints = [didYouMean(fn, names), `Aggregations: ${names.join(", ")}`].filter(Boolean);
    cx.out.error(node.name.span, "unknown-aggregation", `There is no aggregation "${fn}"`, hints.join("\n"));
    return null;
  }
  const args = plainArgs(node, scope, cx);
  if (!args) return null;
  const t = aggregateType(fn, args.map((a) => a.t));
  if (isProblem(t)) {
    cx.out.error(node.span, "type", t.error, t.hint);
    return null;
  }
  for (let i = aggregate.constantsFrom; i < args.length; i++) {
    if (args[i].op === "lit" || args[i].op === "param") continue;
    cx.out.error(node.args[i].span, "type", `This argument of "${fn}" is a constant`, `It is ${aggregate.signature}`);
    return null;
  }
  const [, q] = args;
  if (fn === "quantile" && q.op === "lit" && !(Number(q.value) >= 0 && Number(q.value) <= 1)) {
    const text = nodeText(node.args[1].value);
    const hint = /^\d\d?(\.\d+)?$/.test(text)
      ? `Write: quantile(${nodeText(node.args[0].value)}, ${Number(text) / 100})`
      : "";
    cx.out.error(node.args[1].span, "value", `A quantile is between 0 and 1, here is ${text}`, hint);
    return null;
  }
  if (wrongConstants(node, args, cx)) return null;
  const name = item.as?.name ?? defaultName(node);
  if (name === null) {
    cx.out.error(item.span, "column-name", "This column needs a name", `Write: ${nodeText(node)} as NAME`);
    return null;
  }
  return { spec: { fn, args, name }, column: namedColumn(name, t, undefined, [nodeText(node)]), span: item.span };
}
