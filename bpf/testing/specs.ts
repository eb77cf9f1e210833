/** Short forms of probe specs for tests. */
import type { FieldType } from "../../core/data/mod.ts";
import {
  type AggregateSpec,
  binaryType,
  type Expr,
  fieldRef,
  isProblem,
  type NamedExpr,
  type ProbePoint,
  type ProbeSpec,
  valueType,
} from "../../core/query/mod.ts";

/** A field of the row; `u` after the type is unsigned: `f("args.count", "int u")`. */
export function f(name: string, type: string): Expr {
  const [base, unsigned] = type.split(" ");
  return fieldRef(name, base as FieldType, unsigned === "u");
}

/** `left fn right`, typed by the rules of the language. */
export function bin(fn: Extract<Expr, { op: "binary" }>["fn"], left: Expr, right: Expr): Expr {
  const t = binaryType(fn, left.t, right.t);
  if (isProblem(t)) throw new TypeError(t.error);
  return { op: "binary", fn, left, right, t };
}

/** `str(x)` and `argv()`. */
export function text(fn: "str" | "argv", ...args: Expr[]): Expr {
  return { op: "call", fn, args, t: valueType("string") };
}

/** `a:b:c` as a probe point. */
export function point(written: string): ProbePoint {
  const [kind, a, b] = written.split(":");
  return kind === "raw_tracepoint" ? { kind, name: a } : { kind: "tracepoint", category: a, name: b };
}

export function named(exprs: Readonly<Record<string, Expr>>): NamedExpr[] {
  return Object.entries(exprs).map(([name, expr]) => ({ name, expr }));
}

export interface SpecOptions {
  readonly filter?: Expr;
  readonly includeSelf?: boolean;
  readonly maxKeys?: number;
  readonly ringBytes?: number;
}

/** A stream of fields. */
export function stream(
  probes: readonly string[],
  fields: Readonly<Record<string, Expr>>,
  o: SpecOptions = {},
): ProbeSpec {
  return {
    source: { kind: "event", probes: probes.map(point) },
    steps: o.filter ? [{ kind: "filter", expr: o.filter }] : [],
    output: { kind: "stream", fields: named(fields), ringBytes: o.ringBytes ?? 1 << 20 },
    includeSelf: o.includeSelf ?? false,
  };
}

/** Aggregates by keys. */
export function aggregate(
  probes: readonly string[],
  keys: Readonly<Record<string, Expr>>,
  aggregates: Readonly<Record<string, readonly [string, ...Expr[]]>>,
  o: SpecOptions = {},
): ProbeSpec {
  return {
    source: { kind: "event", probes: probes.map(point) },
    steps: o.filter ? [{ kind: "filter", expr: o.filter }] : [],
    output: {
      kind: "aggregate",
      keys: named(keys),
      aggregates: Object.entries(aggregates).map(([name, [fn, ...args]]): AggregateSpec => ({ name, fn, args })),
      maxKeys: o.maxKeys ?? 1024,
    },
    includeSelf: o.includeSelf ?? false,
  };
}
