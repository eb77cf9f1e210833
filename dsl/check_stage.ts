import { AGGREGATES, type NamedExpr } from "../core/query/mod.ts";
import { nodeText } from "./_node_text.ts";
import { STAGE_NAMES } from "./_vocabulary.ts";
import type { ExprNode, Stage, StageItem } from "./ast.ts";
import { checkAggregate } from "./check_aggregate.ts";
import { checkDetect } from "./check_detect.ts";
import { aType, type CheckContext, checkExpr } from "./check_expr.ts";
import { bare, checkCount, type NamedItem, namedItems, needs, noBy, noOrder } from "./check_items.ts";
import { checkEnrich, checkJoin } from "./check_join.ts";
import { checkPluginStage } from "./check_plugin_stage.ts";
import { checkSample } from "./check_sample.ts";
import { checkWindow, WINDOW } from "./check_window.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { type Flow, namedColumn } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { SortPlan } from "./plan.ts";
import type { Span } from "./position.ts";
import { columnScope, type Scope } from "./scope.ts";

type Check = (stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext) => CheckedStage | null;

/**
 * Checks one stage against what flows into it. Null when something is wrong: what follows in the pipeline cannot be
 * checked then.
 */
export function checkStage(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  const { name, span } = stage.name;
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  const plugin = cx.stages.get(name);
  if (!check && !plugin) {
    const known = [...STAGE_NAMES, ...cx.registry.stageNames?.() ?? []];
    const bits = scope.name(name) ? 'Bitwise "|" stands in parentheses: (a | b)' : "";
    const other = Object.hasOwn(OTHER_NAMES, name.toLowerCase()) ? `Here it is ${OTHER_NAMES[name.toLowerCase()]}` : "";
    const call = AGGREGATES.has(name) ? `Aggregations stand in aggregate: | aggregate ${name}(…)` : "";
    const hints = [other || call || didYouMean(name, known), `Stages: ${known.join(", ")}`, bits];
    cx.out.error(span, "unknown-stage", `There is no stage "${name}"`, hints.filter(Boolean).join("\n"));
    return null;
  }
  if (flow.kind !== "rows") {
    const hint = "show, save and ask take it as it is";
    cx.out.error(span, "profile", `${flow.of} makes a ${flow.kind}: no stage follows it`, hint);
    return null;
  }
  return check ? check(stage, flow, scope, cx) : checkPluginStage(stage, plugin!, flow, cx);
}

/** What other languages call our stages. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ where: "filter", having: "filter", grep: "filter", project: "select", fields: "select", keep: "select" },
  ...{ extend: "derive", map: "derive", mutate: "derive", eval: "derive", let: "derive", summarize: "aggregate" },
  ...{ group: "aggregate … by", groupby: "aggregate … by", reduce: "aggregate", stats: "aggregate", order: "sort" },
  ...{ orderby: "sort", arrange: "sort", take: "limit", head: "limit", first: "limit", uniq: "distinct" },
  ...{ unique: "distinct", dedup: "distinct", bin: "window", lookup: "enrich", merge: "join" },
};

const CHECKS: Readonly<Record<string, Check>> = {
  filter: checkFilter,
  derive: checkDerive,
  select: checkSelect,
  aggregate: checkAggregate,
  sort: checkSort,
  top: checkTop,
  limit: checkLimit,
  distinct: checkDistinct,
  sample: checkSample,
  window: checkWindow,
  enrich: checkEnrich,
  detect: checkDetect,
  join: checkJoin,
};

function checkFilter(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const [item, second] = stage.items;
  if (!item) return needs(stage, "a condition", "| filter pid != 0", cx);
  if (second) {
    const list = item.expr.kind === "binary" && /^(not )?in$/.test(item.expr.op) && item.expr.right.kind !== "list";
    const hint = list ? "A list stands in parentheses: in (1, 2)" : 'Join conditions with "and"';
    cx.out.error(second.span, "syntax", "filter takes one condition", hint);
    return null;
  }
  if (!bare(item, "filter", cx)) return null;
  const expr = checkExpr(item.expr, scope, cx);
  if (!expr) return null;
  if (expr.t.type !== "bool" && expr.t.type !== "null") {
    cx.out.error(item.span, "type", `filter needs a bool, here is ${aType(expr.t)}`, "Write a comparison");
    return null;
  }
  return { plans: [{ kind: "filter", expr }], flow };
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
  return { plans: [{ kind: "derive", derived }], flow: { ...flow, columns } };
}

/** `name = value` or `value as name`. */
function nameAndValue(item: StageItem, cx: CheckContext): { name: string; span: Span; value: ExprNode } | null {
  const { expr } = item;
  if (!noOrder(item, "derive", cx)) return null;
  if (item.as && expr.kind === "binary" && expr.op === "=") {
    const names = `${nodeText(expr.left)} and ${item.as.name}`;
    cx.out.error(item.as.span, "syntax", `The new column has two names: ${names}`, "Write one of them");
    return null;
  }
  if (item.as) return { name: item.as.name, span: item.as.span, value: expr };
  if (expr.kind === "binary" && expr.op === "=" && expr.left.kind === "path" && !expr.left.name.includes(".")) {
    return { name: expr.left.name, span: expr.left.span, value: expr.right };
  }
  if (expr.kind !== "missing") {
    const compares = expr.kind === "binary" && expr.op === "==" && expr.left.kind === "path";
    const hint = compares ? `${nodeText(expr.left)} = ${nodeText(expr.right)}` : "NAME = EXPRESSION";
    cx.out.error(item.span, "syntax", "derive needs a name for the new column", `Write: | derive ${hint}`);
  }
  return null;
}

function checkSelect(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  if (stage.items.length === 0) return needs(stage, "columns", "| select pid, comm", cx);
  const columns = namedItems(stage.items, "select", scope, cx);
  if (!columns) return null;
  return { plans: [{ kind: "select", columns: columns.map((c) => c.named) }], flow: selected(flow, flow.of, columns) };
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
      plans: [{ kind: "distinct", columns }],
      flow: { ...flow, columns: kept, note: undefined, member: undefined, refuse: undefined, atSource: undefined },
    };
  }
  const columns = namedItems(stage.items, "distinct", scope, cx);
  if (!columns) return null;
  return {
    plans: [{ kind: "distinct", columns: columns.map((c) => c.named) }],
    flow: selected(flow, flow.of, columns),
  };
}

function checkSort(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (stage.items.length > 0 && stage.by) {
    cx.out.error(stage.by[0]?.span ?? stage.span, "syntax", "sort takes its keys once", "Write: | sort by a desc, b");
    return null;
  }
  const items = stage.by ?? stage.items;
  if (items.length === 0) return needs(stage, "a column", "| sort cpu desc", cx);
  const keys = sortKeys(items, false, scope, cx);
  return keys && { plans: [{ kind: "sort", keys }], flow };
}

function checkTop(stage: Stage, flow: Flow, scope: Scope, cx: CheckContext): CheckedStage | null {
  if (stage.by === null) return needs(stage, "a column to order by", "| top 10 by cpu", cx);
  const count = checkCount(stage, "| top 10 by cpu", cx);
  const keys = sortKeys(stage.by, true, scope, cx);
  return count && keys && { plans: [{ kind: "top", count, keys }], flow };
}

function checkLimit(stage: Stage, flow: Flow, _scope: Scope, cx: CheckContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const count = checkCount(stage, "| limit 10", cx);
  return count && { plans: [{ kind: "limit", count }], flow };
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
      cx.out.error(item.span, "type", `A ${expr.t.type} has no order`, "Sort by a number, a text or a time");
      return null;
    }
    keys.push({ expr, descending: item.order ? item.order === "desc" : descending });
  }
  return keys;
}

function selected(flow: Flow, of: string, columns: readonly NamedItem[]): Flow {
  const { expr } = columns.find((c) => c.named.name === WINDOW)?.named ?? {};
  // Rows stay in their windows as long as the column is kept.
  const window = expr?.op === "field" && expr.name === WINDOW ? flow.window : undefined;
  return { of, kind: flow.kind, oneRow: flow.oneRow, columns: columns.map((c) => c.column), window };
}
