import type { Field } from "../core/data/mod.ts";
import { type Expr, exprText, type NamedExpr, onlyAtSource } from "../core/query/mod.ts";
import type { PipelinePlan, StagePlan } from "./plan.ts";
import { withOperands } from "./run/bind.ts";
import { addedColumns, definesColumns, mapStage } from "./run/stage_exprs.ts";

/** A pipeline as its phase runs it, and what is done when the phase is over. */
export interface CutPipeline {
  readonly collected: PipelinePlan;
  /** Null where everything is done in the phase. */
  readonly derived: PipelinePlan | null;
}

/**
 * A join needs the rows of its other side, which are there when the phase is over: what stands before it is collected
 * in the phase, the rest is done afterwards, over the columns that it needs.
 */
export function cutAtJoin(plan: PipelinePlan): CutPipeline {
  const at = plan.stages.findIndex((s) => s.kind === "join");
  if (at < 0) return { collected: plan, derived: null };
  const { needed, rest } = neededBy(plan.stages.slice(at));
  const name = `${plan.name}#0`;
  const before = plan.stages.slice(0, at);
  const select: StagePlan[] = needed ? [{ kind: "select", columns: needed }] : [];
  const fields = needed?.map((n): Field => ({
    name: n.name,
    type: n.expr.t.type === "null" ? "string" : n.expr.t.type,
    unit: n.expr.t.unit,
    ...(n.expr.t.unsigned && { unsigned: true }),
  }));
  return {
    collected: { name, source: plan.source, stages: [...before, ...select], fields: fields ?? [], hidden: true },
    derived: { ...plan, source: { kind: "result", result: name }, stages: rest },
  };
}

/**
 * What stages need of the rows before them, computed there where it can only be computed at the source; null: all
 * columns, since the stages keep them.
 */
function neededBy(stages: readonly StagePlan[]): { needed: NamedExpr[] | null; rest: StagePlan[] } {
  const needed = new Map<string, NamedExpr>();
  const own = new Set<string>();
  const leaf = (e: Expr): Expr => {
    if (e.op === "field" && own.has(e.name)) return e;
    if (e.op === "field" || (e.op === "call" && onlyAtSource(e))) {
      const name = exprText(e);
      needed.set(name, { name, expr: e });
      return { op: "field", name, t: e.t };
    }
    return withOperands(e, leaf);
  };
  const rest: StagePlan[] = [];
  let open = true;
  for (const stage of stages) {
    if (!open) {
      rest.push(stage);
      continue;
    }
    // Columns that a derive adds may be named by its later ones.
    if (stage.kind === "derive") {
      const derived: NamedExpr[] = [];
      for (const d of stage.derived) {
        derived.push({ name: d.name, expr: leaf(d.expr) });
        own.add(d.name);
      }
      rest.push({ ...stage, derived });
      continue;
    }
    rest.push(mapStage(stage, leaf));
    for (const name of addedColumns(stage)) own.add(name);
    if (definesColumns(stage)) open = false;
  }
  return { needed: open ? null : [...needed.values()], rest };
}
