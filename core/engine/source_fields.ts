import type { Expr, ProbeSpec } from "../query/mod.ts";

/** A field of a row, as an expression names it. */
export type FieldExpr = Extract<Expr, { op: "field" }>;

/** The expressions that an expression is made of, itself included. */
export function partsOf(e: Expr): Expr[] {
  switch (e.op) {
    case "lit":
    case "field":
    case "param":
      return [e];
    case "unary":
      return [e, ...partsOf(e.arg)];
    case "binary":
      return [e, ...partsOf(e.left), ...partsOf(e.right)];
    case "in":
      return [e, ...[e.arg, ...e.list].flatMap(partsOf)];
    case "call":
      return [e, ...e.args.flatMap(partsOf)];
  }
}

/** Each field once, by name. */
export function fieldsOf(exprs: readonly Expr[]): FieldExpr[] {
  const byName = new Map<string, FieldExpr>();
  for (const e of exprs.flatMap(partsOf)) if (e.op === "field" && !byName.has(e.name)) byName.set(e.name, e);
  return [...byName.values()];
}

/** All expressions of a spec's steps and output, in the order in which they are evaluated. */
export function specExprs({ steps, output }: ProbeSpec): Expr[] {
  const last = output.kind === "stream" ? output.fields.map((f) => f.expr) : [
    ...[output, ...output.beside ?? []].flatMap((t) => [
      ...t.keys.map((k) => k.expr),
      ...t.aggregates.flatMap((a) => a.args),
    ]),
    ...output.highest?.fields.map((f) => f.expr) ?? [],
  ];
  return [...steps.map((s) => s.kind === "filter" ? s.expr : s.derived.expr), ...last];
}

/** The fields that a spec needs of its source: those that steps and output name, without what is derived before. */
export function sourceFields(spec: ProbeSpec): FieldExpr[] {
  const derived = new Set<string>();
  const found: FieldExpr[] = [];
  specExprs(spec).forEach((e, i) => {
    found.push(...fieldsOf([e]).filter((f) => !derived.has(f.name)));
    const step = spec.steps[i];
    if (step?.kind === "derive") derived.add(step.derived.name);
  });
  return fieldsOf(found);
}

/** The least that can be asked of an engine for a spec: the events themselves, with the fields that it names. */
export function sourceOnly(spec: ProbeSpec): ProbeSpec {
  const fields = sourceFields(spec).map((expr) => ({ name: expr.name, expr }));
  return { ...spec, steps: [], output: { kind: "stream", fields, ringBytes: 1 << 16 } };
}
