import type { JoinKind } from "../core/query/join_batch.ts";
import { binaryType, type Expr, isProblem } from "../core/query/mod.ts";
import type { ExprNode, Stage, StageItem } from "./ast.ts";
import { checkCollector } from "./check_collector.ts";
import { aType, checkExpr } from "./check_expr.ts";
import { bare, needs } from "./check_items.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { type Flow, type FlowColumn, namedColumn, outputFields } from "./flow.ts";
import { didYouMean, nearest } from "../core/data/nearest.ts";
import type { JoinPlan, PipelinePlan } from "./plan.ts";
import type { Scope } from "./scope.ts";

const KINDS: readonly JoinKind[] = ["inner", "left", "anti"];
const JOIN_EXAMPLE = "| join other by pid";
const ENRICH_EXAMPLE = "| enrich proc.list by pid";

/** What stands on the right of a join. */
interface Right {
  /** Name of the result. */
  readonly result: string;
  /** What its columns are called by where a name is taken. */
  readonly prefix: string;
  readonly flow: Flow;
}

/** Checks `join RESULT [, KIND] by KEY, …`. Null when something is wrong. */
export function checkJoin(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  const [item, kindItem, more] = stage.items;
  if (!item) return needs(stage, "a result", JOIN_EXAMPLE, cx);
  if (more) {
    cx.out.error(
      more.span,
      "syntax",
      "join takes a result and a kind",
      `Such as: ${JOIN_EXAMPLE.replace(" by", ", left by")}`,
    );
    return null;
  }
  if (!bare(item, "join", cx) || (kindItem && !bare(kindItem, "join", cx))) return null;
  const right = rightResult(item, cx);
  const kind = kindItem ? joinKind(kindItem, cx) : "inner";
  if (!right || !kind) return null;
  const keys = joinKeys(stage, right, scope, JOIN_EXAMPLE, cx);
  return keys && joined("join", kind, right, keys, flow, scope);
}

/** Checks `enrich COLLECTOR[(args)] by KEY, …`: a left join with what a collector says. Null when something is wrong. */
export function checkEnrich(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  const [item, more] = stage.items;
  if (!item) return needs(stage, "a collector", ENRICH_EXAMPLE, cx);
  if (more) {
    cx.out.error(more.span, "syntax", "enrich takes one collector", `Such as: ${ENRICH_EXAMPLE}`);
    return null;
  }
  if (!bare(item, "enrich", cx)) return null;
  const { expr } = item;
  if (expr.kind === "missing") return null;
  if (expr.kind !== "path" && expr.kind !== "call") {
    cx.out.error(item.span, "syntax", "enrich needs a collector", `Such as: ${ENRICH_EXAMPLE}`);
    return null;
  }
  const name = expr.kind === "path" ? { name: expr.name, span: expr.span } : expr.name;
  const args = expr.kind === "path" ? [] : expr.args;
  const what = { kind: "collector", name, args, span: item.span } as const;
  const source = checkCollector(
    { kind: "collect", what, duration: null, includeSelf: null, span: item.span },
    what,
    null,
    cx.registry,
    cx,
  );
  if (!source) return null;
  if (source.flow.kind !== "rows" || source.plan.kind !== "collector" || source.plan.window === "stream") {
    const why = source.flow.kind === "rows" ? "it reports events, which have no end" : "it makes no rows";
    const hint = "Collect it under a name, and join that: let other = collect …";
    cx.out.error(name.span, "enrich", `${name.name} cannot enrich: ${why}`, hint);
    return null;
  }
  const result = `${cx.name}#${cx.feeds.length + 1}`;
  const right = { result, prefix: name.name.replaceAll(".", "_"), flow: source.flow };
  const keys = joinKeys(stage, right, scope, ENRICH_EXAMPLE, cx);
  if (!keys) return null;
  const checked = joined("enrich", "left", right, keys, flow, scope);
  const { take } = checked.plans[0] as JoinPlan;
  const used = new Set([...keys.map((k) => k.column.field), ...take.map((t) => t.field)]);
  const columns = source.flow.columns.filter((c) => used.has(c.field));
  const feed: PipelinePlan = {
    name: result,
    source: source.plan,
    stages: [{ kind: "select", columns: columns.map((c) => ({ name: c.field, expr: refTo(c) })) }],
    fields: outputFields({ ...source.flow, columns }),
    hidden: true,
  };
  cx.feeds.push(feed);
  return checked;
}

function rightResult(item: StageItem, cx: PipelineContext): Right | null {
  const { expr } = item;
  if (expr.kind === "missing") return null;
  const name = expr.kind === "path" ? expr.name : "";
  const known = cx.results.get(name);
  if (known === null) return null; // its pipeline has errors, which were reported
  if (known === undefined) {
    const names = [...cx.results.keys()];
    const hints = [
      didYouMean(name, names),
      name && cx.registry.collector(name) ? `To join a collector, write: | enrich ${name} by …` : "",
      names.length > 0 ? `Results so far: ${names.join(", ")}` : "No result was made before this line",
    ];
    const message = name ? `There is no result "${name}"` : "join needs the name of a result";
    cx.out.error(item.span, "unknown-result", message, hints.filter(Boolean).join("\n"));
    return null;
  }
  if (known.kind !== "rows") {
    cx.out.error(item.span, "join", `"${name}" is a ${known.kind}: it has no rows to join`);
    return null;
  }
  return { result: name, prefix: name, flow: known };
}

function joinKind(item: StageItem, cx: PipelineContext): JoinKind | null {
  const { expr } = item;
  if (expr.kind === "missing") return null;
  const found = KINDS.find((k) => expr.kind === "path" && expr.name === k);
  if (found) return found;
  const hints = [expr.kind === "path" ? didYouMean(expr.name, KINDS) : "", `Kinds: ${KINDS.join(", ")}`];
  cx.out.error(item.span, "join", "This is no kind of join", hints.filter(Boolean).join("\n"));
  return null;
}

interface JoinKey {
  readonly left: Expr;
  readonly right: Expr;
  readonly column: FlowColumn;
  /** The right side is called what the left side is: it says nothing new. */
  readonly same: boolean;
}

function joinKeys(
  stage: Stage,
  right: Right,
  scope: Scope,
  example: string,
  cx: PipelineContext,
): JoinKey[] | null {
  if (!stage.by || stage.by.length === 0) {
    if (stage.by) return null;
    cx.out.error(stage.name.span, "syntax", `${stage.name.name} needs keys`, `Such as: ${example}`);
    return null;
  }
  const keys: JoinKey[] = [];
  for (const item of stage.by) {
    if (item.expr.kind === "missing" || !bare(item, stage.name.name, cx)) return null;
    const key = joinKey(item.expr, right, scope, cx);
    if (!key) return null;
    const t = binaryType("==", key.left.t, key.right.t);
    if (isProblem(t)) {
      const { left, right } = key;
      cx.out.error(
        item.span,
        "type",
        t.error,
        t.hint || `The left side is ${aType(left.t)}, the right side ${aType(right.t)}`,
      );
      return null;
    }
    if (key.left.t.type === "stack" || key.left.t.type === "histogram") {
      cx.out.error(item.span, "type", `A ${key.left.t.type} is no key to join by`);
      return null;
    }
    keys.push(key);
  }
  return keys;
}

/** `pid`: a column of both. `a == right.b`: one of each. */
function joinKey(node: ExprNode, right: Right, scope: Scope, cx: PipelineContext): JoinKey | null {
  if (node.kind === "binary" && (node.op === "==" || node.op === "=")) {
    const sides = [[node.left, node.right], [node.right, node.left]] as const;
    for (const [mine, theirs] of sides) {
      const column = columnOf(theirs, right, true);
      if (!column) continue;
      const left = checkExpr(mine, scope, cx);
      return left && { left, right: refTo(column), column, same: false };
    }
    const names = rightNames(right).map((n) => `${right.prefix}.${n}`);
    const hint = `One side is a column of "${right.prefix}": ${names.join(", ")}`;
    cx.out.error(node.span, "join", "A key of a join has one side of each", hint);
    return null;
  }
  const left = checkExpr(node, scope, cx);
  if (!left) return null;
  const column = columnOf(node, right, false);
  if (column) return { left, right: refTo(column), column, same: node.kind === "path" };
  const names = rightNames(right);
  const meant = node.kind === "path" ? nearest(node.name, names, 1)[0] : undefined;
  const mine = node.kind === "path" ? node.name : "…";
  const hint = `Write: by ${mine} == ${right.prefix}.${meant ?? names[0]}\nColumns: ${names.join(", ")}`;
  const message = node.kind === "path"
    ? `"${right.prefix}" has no column "${node.name}"`
    : "A key of a join is a column of both, or mine == theirs";
  cx.out.error(node.span, "join", message, hint);
  return null;
}

function columnOf(node: ExprNode, right: Right, named: boolean): FlowColumn | undefined {
  if (node.kind !== "path") return undefined;
  const prefixes = [`${right.prefix}.`, `${right.result}.`];
  const prefix = named ? prefixes.find((p) => node.name.startsWith(p)) : "";
  if (prefix === undefined) return undefined;
  const name = node.name.slice(prefix.length);
  return right.flow.columns.find((c) => c.shown && (c.output === name || c.field === name));
}

function rightNames(right: Right): string[] {
  return right.flow.columns.filter((c) => c.shown).map((c) => c.output);
}

function refTo(c: FlowColumn): Expr {
  return { op: "field", name: c.field, t: c.t };
}

function joined(
  word: "join" | "enrich",
  kind: JoinKind,
  right: Right,
  keys: readonly JoinKey[],
  flow: Flow,
  scope: Scope,
): CheckedStage {
  const keyFields = new Set(keys.filter((k) => k.same).map((k) => k.column.field));
  const added = kind === "anti" ? [] : right.flow.columns.filter((c) => c.shown && !keyFields.has(c.field));
  const taken = new Set<string>();
  const columns = added.map((c) => {
    let name = c.output;
    for (let n = 1; taken.has(name) || scope.name(name); n++) {
      name = `${right.prefix}_${c.output}${n > 1 ? `_${n}` : ""}`;
    }
    taken.add(name);
    return { name, column: c };
  });
  return {
    plans: [{
      kind: "join",
      word,
      join: kind,
      right: right.result,
      leftKeys: keys.map((k) => k.left),
      rightKeys: keys.map((k) => k.right),
      take: columns.map(({ name, column }) => ({ name, field: column.field })),
    }],
    flow: {
      ...flow,
      oneRow: false,
      atSource: undefined,
      columns: [...flow.columns, ...columns.map(({ name, column }) => namedColumn(name, column.t, column.doc))],
    },
  };
}
