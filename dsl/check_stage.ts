import {
  adaptLiteral,
  AGGREGATES,
  type AggregateSpec,
  aggregateType,
  type Expr,
  isProblem,
  type NamedExpr,
} from "../core/query/mod.ts";
import { defaultName, nodeText } from "./_node_text.ts";
import { LATER_STAGES, STAGE_NAMES } from "./_vocabulary.ts";
import type { ExprNode, Stage, StageItem } from "./ast.ts";
import { aType, type CheckContext, checkExpr, plainArgs } from "./check_expr.ts";
import { type Flow, type FlowColumn, namedColumn } from "./flow.ts";
import { didYouMean } from "./nearest.ts";
import type { SortPlan, StagePlan } from "./plan.ts";
import type { Span } from "./position.ts";
import { columnScope, constantScope, type Scope } from "./scope.ts";

/** A checked stage and what flows on. */
export interface CheckedStage {
  readonly plan: StagePlan;
  readonly flow: Flow;
}

type Check = (stage: Stage, flow: Flow, scope: Scope, cx: CheckContext) => CheckedStage | null;

/**
 * Checks one stage against what flows into it. Null when something is wrong: what follows in the pipeline cannot be
 * checked then.
 */
export function checkStage(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  const { name, span } = stage.name;
  // Not every name of an object is one of ours: `toString`.
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  if (!check) {
    if (LATER_STAGES.includes(name)) {
      cx.out.error(span, "later", `The stage "${name}" is not available in this version`);
    } else {
      const known = STAGE_NAMES.filter((s) => !LATER_STAGES.includes(s));
      const hints = [didYouMean(name, known), `Stages: ${known.join(", ")}`];
      const bits = scope.name(name) ? ['Bitwise "|" stands in parentheses: (a | b)'] : [];
      cx.out.error(
        span,
        "unknown-stage",
        `There is no stage "${name}"`,
        [...hints, ...bits].filter(Boolean).join("\n"),
      );
    }
    return null;
  }
  if (flow.kind === "profile") {
    cx.out.error(
      span,
      "profile",
      `${flow.of} makes a profile: no stage follows it`,
      "show, save and ask take it as it is",
    );
    return null;
  }
  return check(stage, flow, scope, cx);
}

const CHECKS: Readonly<Record<string, Check>> = {
  filter: checkFilter,
  derive: checkDerive,
  select: checkSelect,
  aggregate: checkAggregate,
  sort: checkSort,
  top: checkTop,
  limit: checkLimit,
  distinct: checkDistinct,
};

function checkFilter(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const [item, second] = stage.items;
  if (!item) return needs(stage, "a condition", "| filter pid != 0", cx);
  if (second) {
    cx.out.error(second.span, "syntax", "filter takes one condition", 'Join conditions with "and"');
    return null;
  }
  if (!bare(item, "filter", cx)) return null;
  const expr = checkExpr(item.expr, scope, cx);
  if (!expr) return null;
  if (expr.t.type !== "bool" && expr.t.type !== "null") {
    cx.out.error(item.span, "type", `filter needs a bool, here is ${aType(expr.t)}`, "Write a comparison");
    return null;
  }
  return { plan: { kind: "filter", expr }, flow };
}

function checkDerive(stage: Stage, flow: Flow, _scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  if (stage.items.length === 0) return needs(stage, "a new column", "| derive mib = rss / 1MiB", cx);
  const derived: NamedExpr[] = [];
  let columns = flow.columns;
  for (const item of stage.items) {
    const named = nameAndValue(item, cx);
    if (!named) return null;
    const scope = columnScope(flow.of, columns, flow);
    const expr = checkExpr(named.value, scope, cx);
    if (!expr) return null;
    if (scope.name(named.name)) {
      const hint = "Columns keep their meaning: choose another name";
      cx.out.error(named.span, "duplicate-column", `There is a column "${named.name}" already`, hint);
      return null;
    }
    derived.push({ name: named.name, expr });
    columns = [...columns, namedColumn(named.name, expr.t)];
  }
  return { plan: { kind: "derive", derived }, flow: { ...flow, columns } };
}

/** `name = value` or `value as name`. */
function nameAndValue(item: StageItem, cx: CheckContext): { name: string; span: Span; value: ExprNode } | null {
  const { expr } = item;
  if (!noOrder(item, "derive", cx)) return null;
  if (item.as) return { name: item.as.name, span: item.as.span, value: expr };
  if (expr.kind === "binary" && expr.op === "=" && expr.left.kind === "path" && !expr.left.name.includes(".")) {
    return { name: expr.left.name, span: expr.left.span, value: expr.right };
  }
  if (expr.kind !== "missing") {
    cx.out.error(item.span, "syntax", "derive needs a name for the new column", "Write: | derive NAME = EXPRESSION");
  }
  return null;
}

function checkSelect(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  if (stage.items.length === 0) return needs(stage, "columns", "| select pid, comm", cx);
  const columns = namedItems(stage.items, "select", scope, cx);
  if (!columns) return null;
  return { plan: { kind: "select", columns: columns.map((c) => c.named) }, flow: selected(flow, flow.of, columns) };
}

function checkDistinct(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  if (stage.items.length === 0) {
    const columns = flow.columns.filter((c) => c.shown).map((c): NamedExpr => ({
      name: c.output,
      expr: { op: "field", name: c.field, t: c.t },
    }));
    const kept = flow.columns.filter((c) => c.shown).map((c) => namedColumn(c.output, c.t, c.doc, c.calls));
    return {
      plan: { kind: "distinct", columns },
      flow: { ...flow, columns: kept, note: undefined, member: undefined, refuse: undefined, atSource: undefined },
    };
  }
  const columns = namedItems(stage.items, "distinct", scope, cx);
  if (!columns) return null;
  return { plan: { kind: "distinct", columns: columns.map((c) => c.named) }, flow: selected(flow, flow.of, columns) };
}

function checkAggregate(stage: Stage, _flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (stage.items.length === 0) return needs(stage, "an aggregation", "| aggregate count() by comm", cx);
  const keys = stage.by === null ? [] : namedItems(stage.by, "by", scope, cx);
  const aggregates: { spec: AggregateSpec; column: FlowColumn; span: Span }[] = [];
  for (const item of stage.items) {
    const made = checkAggregateItem(item, scope, cx);
    if (made) aggregates.push(made);
  }
  if (!keys || aggregates.length < stage.items.length) return null;
  const spans = [...keys.map((k) => k.span), ...aggregates.map((a) => a.span)];
  const columns = [...keys.map((k) => k.column), ...aggregates.map((a) => a.column)];
  if (!noDuplicates(columns, spans, cx)) return null;
  return {
    plan: { kind: "aggregate", keys: keys.map((k) => k.named), aggregates: aggregates.map((a) => a.spec) },
    flow: { of: "The aggregate", kind: "rows", columns, oneRow: stage.by === null },
  };
}

function checkAggregateItem(
  item: StageItem,
  scope: Scope,
  cx: CheckContext,
): { spec: AggregateSpec; column: FlowColumn; span: Span } | null {
  const { expr: node } = item;
  if (node.kind === "missing" || !noOrder(item, "aggregate", cx)) return null;
  if (node.kind !== "call") {
    const hint = node.kind === "path"
      ? `Write max(${node.name}) or group: … by ${node.name}`
      : "Compute in a derive before or after";
    cx.out.error(node.span, "aggregate", "aggregate takes calls such as count() or p99(duration)", hint);
    return null;
  }
  const fn = node.name.name;
  const aggregate = AGGREGATES.get(fn);
  if (!aggregate) {
    if (LATER_AGGREGATES.includes(fn)) {
      cx.out.error(node.name.span, "later", `The aggregation "${fn}" is not available in this version`);
    } else {
      const names = [...AGGREGATES.keys()];
      const hints = [didYouMean(fn, names), `Aggregations: ${names.join(", ")}`].filter(Boolean);
      cx.out.error(node.name.span, "unknown-aggregation", `There is no aggregation "${fn}"`, hints.join("\n"));
    }
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
  const name = item.as?.name ?? defaultName(node);
  if (name === null) {
    cx.out.error(item.span, "column-name", "This column needs a name", `Write: ${nodeText(node)} as NAME`);
    return null;
  }
  return { spec: { fn, args, name }, column: namedColumn(name, t, undefined, [nodeText(node)]), span: item.span };
}

/** Known words of the language that make other results than tables. */
const LATER_AGGREGATES: readonly string[] = ["flame", "series"];

function checkSort(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (stage.items.length > 0 && stage.by) {
    cx.out.error(stage.by[0]?.span ?? stage.span, "syntax", "sort takes its keys once", "Write: | sort by a desc, b");
    return null;
  }
  const items = stage.by ?? stage.items;
  if (items.length === 0) return needs(stage, "a column", "| sort cpu desc", cx);
  const keys = sortKeys(items, false, scope, cx);
  return keys && { plan: { kind: "sort", keys }, flow };
}

function checkTop(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (stage.by === null) return needs(stage, "a column to order by", "| top 10 by cpu", cx);
  const count = checkCount(stage, "| top 10 by cpu", cx);
  const keys = sortKeys(stage.by, true, scope, cx);
  return count && keys && { plan: { kind: "top", count, keys }, flow };
}

function checkLimit(stage: Stage, flow: Flow, _scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const count = checkCount(stage, "| limit 10", cx);
  return count && { plan: { kind: "limit", count }, flow };
}

/** The number of rows of `top` and `limit`: a constant. */
function checkCount(stage: Stage, example: string, cx: CheckContext): Expr | null {
  const [item, second] = stage.items;
  if (!item) return needs(stage, "a number of rows", example, cx);
  if (second) {
    cx.out.error(second.span, "syntax", `${stage.name.name} takes one number`, `Such as: ${example}`);
    return null;
  }
  if (!bare(item, stage.name.name, cx)) return null;
  const e = checkExpr(item.expr, constantScope(`the number of ${stage.name.name}`), cx);
  if (!e) return null;
  if (e.t.type !== "int") {
    const what = `The number of ${stage.name.name} is an int, here is ${aType(e.t)}`;
    cx.out.error(item.span, "type", what, `Such as: ${example}`);
    return null;
  }
  return e;
}

function sortKeys(items: readonly StageItem[], descending: boolean, scope: Scope, cx: CheckContext): SortPlan[] | null {
  const keys: SortPlan[] = [];
  for (const item of items) {
    if (item.as) {
      cx.out.error(item.as.span, "syntax", "A key to sort by has no name");
      return null;
    }
    const expr = checkExpr(item.expr, scope, cx);
    if (!expr) return null;
    if (expr.t.type === "stack" || expr.t.type === "histogram") {
      cx.out.error(item.span, "type", `A ${expr.t.type} has no order`);
      return null;
    }
    keys.push({ expr, descending: item.order ? item.order === "desc" : descending });
  }
  return keys;
}

interface NamedItem {
  readonly named: NamedExpr;
  readonly column: FlowColumn;
  readonly span: Span;
}

/** Columns that have a name or get one: those of `select`, `distinct` and `by`. */
function namedItems(items: readonly StageItem[], of: string, scope: Scope, cx: CheckContext): NamedItem[] | null {
  const out: NamedItem[] = [];
  for (const item of items) {
    if (item.expr.kind === "missing" || !noOrder(item, of, cx)) return null;
    const expr = checkExpr(item.expr, scope, cx);
    if (!expr) return null;
    const name = item.as?.name ?? defaultName(item.expr);
    if (name === null) {
      cx.out.error(item.span, "column-name", "This column needs a name", `Write: ${nodeText(item.expr)} as NAME`);
      return null;
    }
    if (of === "by" && expr.t.type === "histogram") {
      cx.out.error(item.span, "type", "A histogram is no key to group by");
      return null;
    }
    const text = nodeText(item.expr);
    const alias = item.expr.kind === "path" && !item.as ? [name, text] : [name];
    const calls = item.expr.kind === "call" ? [text] : [];
    out.push({
      named: { name, expr: adaptLiteral(expr, expr.t) },
      column: { ...namedColumn(name, expr.t, undefined, calls), aliases: alias },
      span: item.span,
    });
  }
  return noDuplicates(out.map((o) => o.column), out.map((o) => o.span), cx) ? out : null;
}

function noDuplicates(columns: readonly FlowColumn[], spans: readonly Span[], cx: CheckContext): boolean {
  const seen = new Set<string>();
  for (const [i, c] of columns.entries()) {
    if (seen.has(c.field)) {
      cx.out.error(spans[i], "duplicate-column", `There are two columns "${c.field}"`, "Name one of them: … as NAME");
      return false;
    }
    seen.add(c.field);
  }
  return true;
}

function selected(flow: Flow, of: string, columns: readonly NamedItem[]): Flow {
  return { of, kind: flow.kind, oneRow: flow.oneRow, columns: columns.map((c) => c.column) };
}

function noBy(stage: Stage, cx: CheckContext): boolean {
  if (stage.by === null) return true;
  const hint = stage.name.name === "limit" ? "top takes by: | top 10 by cpu" : "";
  cx.out.error(stage.by[0]?.span ?? stage.span, "syntax", `${stage.name.name} has no "by"`, hint);
  return false;
}

function noOrder(item: StageItem, of: string, cx: CheckContext): boolean {
  if (item.order === null) return true;
  cx.out.error(
    item.span,
    "syntax",
    `"${item.order}" has no meaning in ${of}`,
    `Sort afterwards: | sort … ${item.order}`,
  );
  return false;
}

function bare(item: StageItem, of: string, cx: CheckContext): boolean {
  if (item.as) {
    cx.out.error(item.as.span, "syntax", `"as" has no meaning in ${of}`);
    return false;
  }
  return noOrder(item, of, cx);
}

function needs(stage: Stage, what: string, example: string, cx: CheckContext): null {
  if (!stage.items.some((i) => i.expr.kind === "missing")) {
    cx.out.error(stage.name.span, "syntax", `${stage.name.name} needs ${what}`, `Such as: ${example}`);
  }
  return null;
}
