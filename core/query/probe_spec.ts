import type { Expr, NamedExpr } from "./expr.ts";

/** A place in the kernel or a program to attach to. Pure and printable. */
export type ProbePoint =
  | { readonly kind: "tracepoint"; readonly category: string; readonly name: string }
  | { readonly kind: "raw_tracepoint"; readonly name: string }
  | { readonly kind: "kprobe" | "kretprobe" | "fentry" | "fexit"; readonly symbol: string }
  | { readonly kind: "uprobe" | "uretprobe" | "usdt"; readonly path: string; readonly symbol: string }
  | { readonly kind: "profile"; readonly hz: number }
  | { readonly kind: "interval"; readonly periodNs: number }
  | { readonly kind: "software" | "hardware"; readonly event: string; readonly period: number }
  | { readonly kind: "iter"; readonly target: string };

/** As the user writes it: `tracepoint:sched:sched_switch`. */
export function probePointText(p: ProbePoint): string {
  switch (p.kind) {
    case "tracepoint":
      return `tracepoint:${p.category}:${p.name}`;
    case "raw_tracepoint":
      return `raw_tracepoint:${p.name}`;
    case "uprobe":
    case "uretprobe":
    case "usdt":
      return `${p.kind}:${p.path}:${p.symbol}`;
    case "profile":
      return `profile:${p.hz}hz`;
    case "interval":
      return `interval:${p.periodNs}ns`;
    case "software":
    case "hardware":
      return `${p.kind}:${p.event}:${p.period}`;
    case "iter":
      return `iter:${p.target}`;
    default:
      return `${p.kind}:${p.symbol}`;
  }
}

/**
 * Where events come from.
 *
 * - `event`: each firing of any probe is a row.
 * - `pair`: a start and the end with the same key make a row with `duration`, `start.*` and `end.*`. A start whose key
 *   is in flight replaces it; an end without a start is ignored; a start still open at the end of the window gives no
 *   row (all three: Quality `unmatched`); a start that finds the map full is lost.
 */
export type SourceSpec =
  | { readonly kind: "event"; readonly probes: readonly ProbePoint[] }
  | {
    readonly kind: "pair";
    readonly starts: readonly ProbePoint[];
    readonly ends: readonly ProbePoint[];
    /** Key of an in-flight start, over the start's own fields (bare names). */
    readonly startKey: readonly Expr[];
    /** Key at the end, over the end's own fields. */
    readonly endKey: readonly Expr[];
    /** Fields of the start kept until the end: `start.NAME` in later expressions. */
    readonly carried: readonly NamedExpr[];
    readonly cancels: readonly ProbePoint[];
    readonly cancelKey: readonly Expr[];
    readonly maxInFlight: number;
  };

/** One aggregate: a function over an expression. `count` has none. */
export interface AggregateSpec {
  /** `count`, `sum`, `min`, `max`, `avg`, `stddev`, `p50` … `p999`, `quantile`, `hist`, `lhist`, `distinct`, `first`, … */
  readonly fn: string;
  readonly args: readonly Expr[];
  /** Column name. */
  readonly name: string;
}

/** A step between source and output that an engine takes over. */
export type ProbeStep =
  | { readonly kind: "filter"; readonly expr: Expr }
  | { readonly kind: "derive"; readonly derived: NamedExpr };

/** What leaves the engine: aggregate states per key, or one record per event. */
export type ProbeOutput =
  | {
    readonly kind: "aggregate";
    readonly keys: readonly NamedExpr[];
    readonly aggregates: readonly AggregateSpec[];
    /** Most distinct keys kept; more are counted as lost (`map_full`). */
    readonly maxKeys: number;
  }
  | { readonly kind: "stream"; readonly fields: readonly NamedExpr[]; readonly ringBytes: number };

/** A source with the filters, derived fields, keys and aggregates offered to an engine. */
export interface ProbeSpec {
  readonly source: SourceSpec;
  readonly steps: readonly ProbeStep[];
  readonly output: ProbeOutput;
  /** Whether sonde's own processes are seen. */
  readonly includeSelf: boolean;
}
