import type { Expr } from "../core/query/mod.ts";
import { operandsOf, withOperands } from "./run/bind.ts";

/** The fields that an expression names, each as often as it does. */
export function fieldsOf(expr: Expr): Extract<Expr, { op: "field" }>[] {
  return expr.op === "field" ? [expr] : operandsOf(expr).flatMap(fieldsOf);
}

/** The same expression over fields of other names. */
export function renamed(expr: Expr, change: (name: string) => string): Expr {
  if (expr.op === "field") return { ...expr, name: change(expr.name) };
  return withOperands(expr, (e) => renamed(e, change));
}
