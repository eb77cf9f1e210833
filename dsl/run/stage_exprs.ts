import type { Bindings, Expr, NamedExpr } from "../../core/query/mod.ts";
import type { StagePlan } from "../plan.ts";
import { bindExpr, operandsOf, withOperands } from "./bind.ts";

/** Every expression over rows that a stage evaluates. */
export function exprsOf(stage: StagePlan): readonly Expr[] {
  switch (stage.kind) {
    case "filter":
      return [stage.expr];
    case "derive":
      return stage.derived.map((d) => d.expr);
    case "select":
    case "distinct":
      return stage.columns.map((c) => c.expr);
    case "aggregate":
      return [...stage.keys.map((k) => k.expr), ...stage.aggregates.flatMap((a) => a.args)];
    case "sort":
    case "top":
      return stage.keys.map((k) => k.expr);
    case "join":
      return stage.leftKeys;
    case "detect":
      return [stage.value, ...stage.keys];
    case "limit":
    case "sample":
    case "plugin":
      return [];
  }
}

/** The same stage with each expression changed, constants such as counts included. */
export function mapStage(stage: StagePlan, change: (e: Expr) => Expr): StagePlan {
  const named = (list: readonly NamedExpr[]): NamedExpr[] => list.map((n) => ({ ...n, expr: change(n.expr) }));
  switch (stage.kind) {
    case "filter":
      return { ...stage, expr: change(stage.expr) };
    case "derive":
      return { ...stage, derived: named(stage.derived) };
    case "select":
    case "distinct":
      return { ...stage, columns: named(stage.columns) };
    case "aggregate":
      return {
        ...stage,
        keys: named(stage.keys),
        aggregates: stage.aggregates.map((a) => ({ ...a, args: a.args.map(change) })),
      };
    case "sort":
      return { ...stage, keys: stage.keys.map((k) => ({ ...k, expr: change(k.expr) })) };
    case "top":
      return { ...stage, count: change(stage.count), keys: stage.keys.map((k) => ({ ...k, expr: change(k.expr) })) };
    case "limit":
      return { ...stage, count: change(stage.count) };
    case "sample":
      return { ...stage, size: change(stage.size) };
    case "join":
      // The right keys are columns of another result.
      return { ...stage, leftKeys: stage.leftKeys.map(change) };
    case "detect":
      return {
        ...stage,
        value: change(stage.value),
        threshold: change(stage.threshold),
        keys: stage.keys.map(change),
      };
    case "plugin":
      return { ...stage, args: named(stage.args) };
  }
}

/** The stages of a run: parameters bound, constants computed, filters that let everything pass left out. */
export function bindStages(stages: readonly StagePlan[], bindings: Bindings): StagePlan[] {
  return stages.map((s) => mapStage(s, (e) => bindExpr(e, bindings)))
    .filter((s) => !(s.kind === "filter" && s.expr.op === "lit" && s.expr.value === true));
}

/** Whether a stage replaces all columns: what follows it sees only its own. */
export function definesColumns(stage: StagePlan): boolean {
  return stage.kind === "aggregate" || stage.kind === "select" || stage.kind === "distinct" || stage.kind === "plugin";
}

/** Columns that a stage adds to those that there are, of which the source knows nothing. */
export function addedColumns(stage: StagePlan): readonly string[] {
  if (stage.kind === "derive") return stage.derived.map((d) => d.name);
  if (stage.kind === "join") return stage.take.map((t) => t.name);
  return stage.kind === "detect" ? DETECTED : [];
}

/** What `detect` adds. */
export const DETECTED: readonly string[] = ["expected", "score", "anomaly"];

/** Replaces fields by what they stand for. */
export function substitute(expr: Expr, meanings: ReadonlyMap<string, Expr>): Expr {
  if (expr.op === "field") return meanings.get(expr.name) ?? expr;
  return withOperands(expr, (e) => substitute(e, meanings));
}

/** `a and b and c` as a list: rows pass a filter when each is true. */
export function conjuncts(expr: Expr): Expr[] {
  return expr.op === "binary" && expr.fn === "and" ? [...conjuncts(expr.left), ...conjuncts(expr.right)] : [expr];
}

/** Number of nodes of an expression. */
export function sizeOf(expr: Expr): number {
  return operandsOf(expr).reduce((n, e) => n + sizeOf(e), 1);
}
