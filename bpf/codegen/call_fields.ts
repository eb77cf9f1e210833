import type { AggregateSpec, Expr, NamedExpr } from "../../core/query/mod.ts";
import { mapFields, type Prepared } from "./prepare.ts";

/** Fields of a call that are known when it returns, by what the end of a pair calls them. */
const AT_RETURN: Readonly<Record<string, string>> = { ret: "end.args.ret", errno: "end.errno" };

/** What the result points to is read when it is there. */
const RETURNED = "args.ret.";

/** Turns the fields of `calls` into those of a pair: all but the result and the duration are taken at the entry. */
export function callFields({ filters, output }: Prepared): Prepared {
  const change = (e: Expr): Expr =>
    mapFields(
      e,
      (field) => field.name === "duration" ? field : { ...field, name: nameInPair(field.name) },
    );
  const named = (n: NamedExpr): NamedExpr => ({ name: n.name, expr: change(n.expr) });
  if (output.kind === "stream") {
    return { filters: filters.map(change), output: { ...output, fields: output.fields.map(named) } };
  }
  const aggregates = output.aggregates.map((a): AggregateSpec => ({ ...a, args: a.args.map(change) }));
  return { filters: filters.map(change), output: { ...output, keys: output.keys.map(named), aggregates } };
}

function nameInPair(name: string): string {
  return AT_RETURN[name] ?? (name.startsWith(RETURNED) ? `end.${name}` : `start.${name}`);
}
