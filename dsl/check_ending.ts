import { AGGREGATES, aggregateType, type Expr, isNumericType, isProblem, type NamedExpr } from "../core/query/mod.ts";
import { defaultName, nodeText } from "./_node_text.ts";
import type { CallNode, Stage, StageItem } from "./ast.ts";
import { aggregatePlans, checkAggregateItem, type CheckedAggregate } from "./check_aggregate.ts";
import { aType, plainArgs } from "./check_expr.ts";
import { bare, type NamedItem, namedItems } from "./check_items.ts";
import { checkDuration } from "./check_source.ts";
import { binOf, noTime, timeOf, WINDOW_KEY } from "./check_window.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { ENDINGS } from "./endings.ts";
import { type Flow, namedColumn } from "./flow.ts";
import type { StagePlan } from "./plan.ts";
import type { Scope } from "./scope.ts";

/** Columns of our own between the aggregate and what is made of it. */
const STACK = "#stack";
const VALUE = "#value";

/** Checks an aggregate that makes a profile or a series. Null when something is wrong. */
export function checkEnding(
  stage: Stage,
  item: StageItem,
  flow: Flow,
  scope: Scope,
  cx: PipelineContext,
): CheckedStage | null {
  const node = item.expr as CallNode;
  const fn = node.name.name;
  const other = stage.items.find((i) => i !== item);
  if (other) {
    const kind = fn === "flame" ? "a profile" : "a series";
    const message = `"${fn}" makes ${kind}: it stands alone in its aggregate`;
    cx.out.error(other.span, "aggregate", message, "Name the rows first: let rows = …, then rows | aggregate …");
    return null;
  }
  if (!bare(item, fn, cx)) return null;
  const keys = stage.by === null ? [] : namedItems(stage.by, "by", scope, cx);
  if (!keys) return null;
  return fn === "flame" ? checkFlame(node, keys, flow, scope, cx) : checkSeries(node, item, keys, flow, scope, cx);
}

function checkFlame(
  node: CallNode,
  keys: readonly NamedItem[],
  flow: Flow,
  scope: Scope,
  cx: PipelineContext,
): CheckedStage | null {
  const args = plainArgs(node, scope, cx);
  if (!args) return null;
  const at = args.findIndex((a) => a.t.type === "stack");
  const stack = at < 0 ? stackOf(scope) : args[at];
  const [value, more] = args.filter((_, i) => i !== at);
  if (more || args.length > 2) {
    const message = `"flame" does not take ${args.length} arguments${at < 0 ? " without a stack" : ""}`;
    cx.out.error(node.span, "type", message, `It is ${ENDINGS.flame.signature}`);
    return null;
  }
  if (!stack) {
    const stacks = flow.columns.filter((c) => c.t.type === "stack").map((c) => c.aliases[0] ?? c.field);
    const hint = stacks.length > 0
      ? `Name it: flame(${[...node.args.map(() => "…"), stacks[0]].join(", ")}); stacks: ${stacks.join(", ")}`
      : "Events of probes have stacks: collect profile:99hz | aggregate flame()";
    cx.out.error(node.span, "type", `"flame" folds stacks, and ${flow.of} has no "stack"`, hint);
    return null;
  }
  const t = value ? aggregateType("sum", [value.t]) : ({ type: "int", unit: "count" } as const);
  if (isProblem(t)) {
    cx.out.error(node.args[at === 0 ? 1 : 0].span, "type", t.error.replace('"sum"', '"flame"'), t.hint);
    return null;
  }
  const plan: StagePlan = {
    kind: "aggregate",
    keys: [{ name: STACK, expr: stack }, ...keys.map((k) => k.named)],
    aggregates: [{ fn: value ? "sum" : "count", args: value ? [value] : [], name: VALUE }],
  };
  const name = value ? defaultName(node.args[at === 0 ? 1 : 0].value) ?? "value" : "events";
  return {
    plans: [plan],
    flow: {
      of: "The flame",
      kind: "profile",
      columns: [],
      oneRow: false,
      ending: {
        kind: "flame",
        stack: STACK,
        value: VALUE,
        keys: keys.map((k) => k.named.name),
        sample: { name, unit: t.unit ?? "count" },
      },
    },
  };
}

function stackOf(scope: Scope): Expr | undefined {
  const found = scope.name("stack");
  return found?.t.type === "stack" ? found : undefined;
}

function checkSeries(
  node: CallNode,
  item: StageItem,
  keys: readonly NamedItem[],
  flow: Flow,
  scope: Scope,
  cx: PipelineContext,
): CheckedStage | null {
  const [first, second, third] = node.args;
  if (!first || third || first.name || second?.name) {
    const message = `"series" does not take ${node.args.length} argument${node.args.length === 1 ? "" : "s"}`;
    cx.out.error(node.span, "type", message, `It is ${ENDINGS.series.signature}, such as: series(p99(duration), 1s)`);
    return null;
  }
  if (second && flow.window) {
    const hint = "Leave the step out: its steps are those of the window";
    cx.out.error(second.span, "window", "The rows are in windows already", hint);
    return null;
  }
  const step = flow.window ?? (second ? checkDuration(second.value, "the step", cx) : SECOND);
  const time = flow.window ? WINDOW_KEY.expr : timeOf(flow, scope);
  if (!time) noTime(node, "series", flow, cx);
  const value = seriesValue(item, node, scope, cx);
  if (!step || !time || !value) return null;
  if (!isNumericType(value.column.t.type) || value.column.t.type === "time") {
    cx.out.error(first.span, "type", `A series is of numbers, here is ${aType(value.column.t)}`);
    return null;
  }
  const at: NamedExpr = { name: AT, expr: { op: "field", name: AT, t: time.t } };
  // A line without keys is called what it shows.
  const label = defaultName(first.value) ?? "value";
  const name = keys.some((k) => k.named.name === label) ? VALUE : label;
  const named = { ...value, spec: { ...value.spec, name } };
  return {
    plans: [
      { kind: "derive", derived: [{ name: AT, expr: flow.window ? time : binOf(time, step) }] },
      ...aggregatePlans([at, ...keys.map((k) => k.named)], [named], step),
    ],
    flow: {
      of: "The series",
      kind: "series",
      columns: [],
      oneRow: false,
      ending: {
        kind: "series",
        time: AT,
        value: name,
        keys: keys.map((k) => k.named.name),
        unit: value.column.t.unit,
      },
    },
  };
}

const AT = "#time";
const SECOND: Expr = { op: "lit", value: 1_000_000_000n, t: { type: "duration", unit: "ns" } };

/** What a point of the series is: an aggregate as written, or the mean. */
function seriesValue(item: StageItem, node: CallNode, scope: Scope, cx: PipelineContext): CheckedAggregate | null {
  const { value } = node.args[0];
  if (value.kind === "missing") return null;
  if (value.kind === "call" && AGGREGATES.has(value.name.name) && !scope.call?.(nodeText(value))) {
    return checkAggregateItem({ ...item, expr: value, as: { name: VALUE, span: item.span } }, scope, cx);
  }
  const [arg] = plainArgs({ ...node, args: [node.args[0]] }, scope, cx) ?? [];
  if (!arg) return null;
  const t = aggregateType("avg", [arg.t]);
  if (isProblem(t)) {
    cx.out.error(value.span, "type", t.error.replace('"avg"', '"series"'), t.hint);
    return null;
  }
  return { spec: { fn: "avg", args: [arg], name: VALUE }, column: namedColumn(VALUE, t), span: item.span };
}
