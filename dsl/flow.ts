import { defaultUnit, type Field } from "../core/data/mod.ts";
import type { Expr, NamedExpr, ValueType } from "../core/query/mod.ts";
import type { EndingPlan } from "./plan.ts";
import type { Column, Members, Scope } from "./scope.ts";

/** What flows between two stages of a pipeline, as far as it is known before anything runs. */
export interface Flow {
  /** For messages: `proc.list`, `the aggregate`. */
  readonly of: string;
  readonly kind: "rows" | "profile" | "series";
  readonly columns: readonly FlowColumn[];
  /** Exactly one row: an aggregate without `by`. */
  readonly oneRow: boolean;
  /** What else there is to say when a column is not found. */
  readonly note?: string;
  /** Members of structs behind the source's fields. */
  readonly member?: Members["member"];
  /** Why a name is no field of the source. */
  readonly refuse?: Scope["refuse"];
  readonly atSource?: Scope["atSource"];
  /** Length of the windows that a column `window` tells apart. */
  readonly window?: Expr;
  /** What is made of the final rows. */
  readonly ending?: EndingPlan;
}

/** A column, and whether it is part of the result when nothing is selected. */
export interface FlowColumn extends Column {
  readonly shown: boolean;
  /** Its name in a result. */
  readonly output: string;
}

/** A column that is called what it is. */
export function namedColumn(name: string, t: ValueType, doc?: string, calls: readonly string[] = []): FlowColumn {
  return { field: name, t, aliases: [name], calls, shown: true, output: name, doc };
}

/** The fields of a result. */
export function outputFields(flow: Flow): Field[] {
  if (flow.kind !== "rows") return [];
  return flow.columns.filter((c) => c.shown).map((c) => {
    const type = c.t.type === "null" ? "string" : c.t.type;
    const unit = c.t.type === "null" ? defaultUnit(type) : c.t.unit;
    const base: Field = c.t.unsigned ? { name: c.output, type, unit, unsigned: true } : { name: c.output, type, unit };
    return c.doc ? { ...base, doc: c.doc } : base;
  });
}

/** The columns that a pipeline without `select` ends with, or null where the flow has them already. */
export function implicitSelect(flow: Flow): NamedExpr[] | null {
  if (flow.kind !== "rows" || flow.columns.every((c) => c.shown && c.output === c.field)) return null;
  return flow.columns.filter((c) => c.shown).map((c) => ({
    name: c.output,
    expr: { op: "field", name: c.field, t: c.t },
  }));
}
