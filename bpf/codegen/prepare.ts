import type { AggregateSpec, AggregateTable, Expr, NamedExpr, ProbeOutput, ProbeStep } from "../../core/query/mod.ts";

/** A spec's steps with derived fields written out and conjunctions taken apart. */
export interface Prepared {
  /** All must be true for an event to count, in this order. */
  readonly filters: readonly Expr[];
  readonly output: ProbeOutput;
}

/**
 * Replaces derived fields by their expressions, and splits `a and b` into two filters: what the second needs is read
 * for events only that pass the first. (Null and false both drop an event, so the split changes nothing.)
 */
export function prepare(steps: readonly ProbeStep[], output: ProbeOutput): Prepared {
  const derived = new Map<string, Expr>();
  const filters: Expr[] = [];
  for (const step of steps) {
    if (step.kind === "derive") derived.set(step.derived.name, substitute(step.derived.expr, derived));
    else filters.push(...conjuncts(substitute(step.expr, derived)));
  }
  return { filters, output: mapOutput(output, (e) => substitute(e, derived)) };
}

/** The output with each of its expressions changed. */
export function mapOutput(output: ProbeOutput, change: (e: Expr) => Expr): ProbeOutput {
  const named = (n: NamedExpr): NamedExpr => ({ name: n.name, expr: change(n.expr) });
  if (output.kind === "stream") return { ...output, fields: output.fields.map(named) };
  const table = <T extends AggregateTable>(t: T): T => ({
    ...t,
    keys: t.keys.map(named),
    aggregates: t.aggregates.map((a): AggregateSpec => ({ ...a, args: a.args.map(change) })),
  });
  const { beside, highest } = output;
  return {
    ...table(output),
    ...(beside && { beside: beside.map(table) }),
    ...(highest && { highest: { ...highest, fields: highest.fields.map(named) } }),
  };
}

/** All expressions of an output. */
export function outputExprs(output: ProbeOutput): Expr[] {
  if (output.kind === "stream") return output.fields.map((f) => f.expr);
  return [
    ...[output, ...output.beside ?? []].flatMap((t) => [
      ...t.keys.map((k) => k.expr),
      ...t.aggregates.flatMap((a) => a.args),
    ]),
    ...output.highest?.fields.map((f) => f.expr) ?? [],
  ];
}

function conjuncts(e: Expr): Expr[] {
  return e.op === "binary" && e.fn === "and" ? [...conjuncts(e.left), ...conjuncts(e.right)] : [e];
}

function substitute(e: Expr, derived: ReadonlyMap<string, Expr>): Expr {
  return mapFields(e, (field) => derived.get(field.name) ?? field);
}

/** The expression with each field replaced. */
export function mapFields(e: Expr, change: (field: Extract<Expr, { op: "field" }>) => Expr): Expr {
  switch (e.op) {
    case "lit":
    case "param":
      return e;
    case "field":
      return change(e);
    case "unary":
      return { ...e, arg: mapFields(e.arg, change) };
    case "binary":
      return { ...e, left: mapFields(e.left, change), right: mapFields(e.right, change) };
    case "in":
      return { ...e, arg: mapFields(e.arg, change), list: e.list.map((item) => mapFields(item, change)) };
    case "call":
      return { ...e, args: e.args.map((arg) => mapFields(arg, change)) };
  }
}
