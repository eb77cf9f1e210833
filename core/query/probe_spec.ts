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
  | { readonly kind: "iter"; readonly target: string }
  /** Packets that arrive at a network interface. */
  | { readonly kind: "xdp"; readonly interface: string };

/** As the user writes it: `tracepoint:sched:sched_switch`. */
export function probePointText(p: ProbePoint): string {
  switch (p.kind) {
    case "tracepoint":
      return `tracepoint:${p.category}:${p.name}`;
    case "raw_tracepoint":
      return `raw_tracepoint:${p.name}`;
    case "uprobe":
    case "uretprobe":
      return `${p.kind}:${quoted(p.path)}:${quoted(p.symbol)}`;
    case "usdt":
      return `${p.kind}:${quoted(p.path)}:${p.symbol.split(":").map(quoted).join(":")}`;
    case "profile":
      return `profile:${p.hz}hz`;
    case "interval":
      return `interval:${p.periodNs}ns`;
    case "software":
    case "hardware":
      return `${p.kind}:${p.event}:${p.period}`;
    case "iter":
      return `iter:${p.target}`;
    case "xdp":
      return `xdp:${p.interface}`;
    default:
      return `${p.kind}:${p.symbol}`;
  }
}

/** A name in quotes where the language needs them. */
function quoted(name: string): string {
  return /[\s,|(){}"#:]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

/**
 * Where events come from.
 *
 * - `event`: each firing of any probe is a row.
 * - `pair`: a start and the end with the same key make a row with `duration`, `start.*` and `end.*`. A start whose key
 *   is in flight replaces it; an end without a start is ignored; a start still open at the end of the window gives no
 *   row (all three: Quality `unmatched`); a start that finds the map full is lost. What is kept of a start until its end
 *   are the fields `start.*` that the rest of the spec names. A mark is an event between the two: when a start with its
 *   key is in flight, the fields `mark.*` that the rest of the spec names are kept with it, the last mark's; they are null
 *   where none came. A mark without a start is ignored, and one whose fields nobody names is not attached at all.
 * - `calls`: each call of a function is a row, with `duration`, `args.*`, `ret`, `errno` and the builtins at its entry.
 *   The engine chooses how entry and return are seen; calls inside one another (recursion) are told apart.
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
    readonly cancels: readonly ProbePoint[];
    readonly cancelKey: readonly Expr[];
    readonly marks?: readonly ProbePoint[];
    /** Key of the start that a mark belongs to, over the mark's own fields. */
    readonly markKey?: readonly Expr[];
    readonly maxInFlight: number;
  }
  | {
    readonly kind: "calls";
    readonly targets: readonly CallTarget[];
    readonly maxInFlight: number;
    /** Calls that are looked at, over the builtins at the entry: others cost no more than this question. All, when absent. */
    readonly when?: Expr;
    /**
     * Only calls of this process and of those that it makes from then on, and theirs: its number in the initial pid
     * namespace.
     */
    readonly family?: number;
    /** How kernel functions are attached to: by trampolines or by breakpoints; the better of them when absent. */
    readonly attachBy?: "fentry" | "kprobe";
  };

/** A function whose calls are measured. */
export type CallTarget =
  | { readonly kind: "kernel"; readonly symbol: string }
  | { readonly kind: "user"; readonly path: string; readonly symbol: string }
  | { readonly kind: "syscall"; readonly name: string };

/** As the user writes it after `calls`: `kernel:vfs_read`, `user:/usr/bin/bash:readline`, `syscall:fsync`. */
export function callTargetText(t: CallTarget): string {
  switch (t.kind) {
    case "kernel":
      return `kernel:${t.symbol}`;
    case "user":
      return `user:${quoted(t.path)}:${quoted(t.symbol)}`;
    case "syscall":
      return `syscall:${t.name}`;
  }
}

/** The probes of a source as the user wrote them: for messages. */
export function sourceText(source: SourceSpec): string {
  const points = source.kind === "event"
    ? source.probes.map(probePointText)
    : source.kind === "pair"
    ? [...source.starts, ...source.ends].map(probePointText)
    : source.targets.map(callTargetText);
  return points.length > 4 ? `${points.slice(0, 3).join(", ")} and ${points.length - 3} more` : points.join(", ");
}

/** Starts in flight that are remembered at a time, when nothing else is said. */
export const MAX_IN_FLIGHT = 16_384;

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

/** A table of aggregates by keys. */
export interface AggregateTable {
  readonly keys: readonly NamedExpr[];
  readonly aggregates: readonly AggregateSpec[];
  /** Most distinct keys kept; more are counted as lost (`map_full`). */
  readonly maxKeys: number;
}

/**
 * The rows that are highest in a value: exactly those, or it is said. An engine sends rows at or above a threshold, which
 * it raises as it comes to know better ones.
 */
export interface HighestRows {
  /** A number that is not negative; must be one of `fields`. */
  readonly by: string;
  readonly fields: readonly NamedExpr[];
  /** How many rows. */
  readonly count: number;
  /** Rows below are left out from the start. */
  readonly atLeast: number;
  readonly ringBytes: number;
}

/** What leaves the engine: aggregate states per key, or one record per event. */
export type ProbeOutput =
  | {
    readonly kind: "aggregate";
    readonly keys: readonly NamedExpr[];
    readonly aggregates: readonly AggregateSpec[];
    /** Most distinct keys kept; more are counted as lost (`map_full`). */
    readonly maxKeys: number;
    /** Further tables of the same events, from the same probes. */
    readonly beside?: readonly AggregateTable[];
    /** The events that are highest in a value, whole, from the same probes. */
    readonly highest?: HighestRows;
  }
  | { readonly kind: "stream"; readonly fields: readonly NamedExpr[]; readonly ringBytes: number };

/** A source with the filters, derived fields, keys and aggregates offered to an engine. */
export interface ProbeSpec {
  readonly source: SourceSpec;
  readonly steps: readonly ProbeStep[];
  readonly output: ProbeOutput;
  /** Whether sonde's own processes are seen. */
  readonly includeSelf: boolean;
  /**
   * What the measurement may cost, as a part of one CPU (0.05 is 5 %). Above it the engine samples, scales the results
   * and says so; what cannot be kept so is detached. Absent: the cost is told, and nothing is done about it.
   */
  readonly budget?: number;
}
