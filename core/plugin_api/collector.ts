import type { Batch, Cell, Field, FieldType, Profile, Quality, Unit } from "../data/mod.ts";
import type { Expr, NamedExpr, SourceSpec } from "../query/mod.ts";
import type { RunContext } from "./context.ts";

/** One parameter of a collector, as the language sees it: `disk.io(device: "vda")`. */
export interface ParamSpec {
  readonly name: string;
  readonly type: FieldType;
  readonly unit?: Unit;
  /** Absent: the parameter is required. Integers and durations in their base unit. */
  readonly default?: bigint | number | string | boolean;
  readonly doc: string;
}

/** Values of parameters, checked against the specs and with defaults filled in. Integers come as number when safe. */
export type ParamValues = Readonly<Record<string, Cell>>;

/** An open stream of rows. Iterate until it ends; disposing it detaches everything. */
export interface RowStream extends Disposable {
  /** Batches with the collector's fields, in its order. Ends with the window or when there is nothing more. */
  batches(): AsyncIterable<Batch>;
  /** What is known at the end: loss, cost, notes. Valid after the last batch. */
  quality(): Quality;
}

/** What all collectors have. */
export interface CollectorBase {
  /** `area.name`: `proc.list`, `process.exec`. */
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  readonly params: readonly ParamSpec[];
  /** Whether it reports an instant (ignores `for`) or a window. */
  readonly window: "snapshot" | "interval" | "stream";
}

/** Rows made here. */
export interface RowsCollector extends CollectorBase {
  readonly kind: "rows";
  readonly fields: readonly Field[];
  /** Names of fields on which `==` filters are handed over in `RowsRequest.pushed`. */
  readonly pushes?: readonly string[];
  rows(request: RowsRequest, context: RunContext): Promise<RowStream>;
}

/** What is asked of a rows collector. */
export interface RowsRequest {
  readonly params: ParamValues;
  /** The window in nanoseconds; null for "until stopped". */
  readonly durationNs: number | null;
  /** Equality filters taken over from the pipeline; the rows are filtered again by the caller. */
  readonly pushed: Readonly<Record<string, Cell>>;
}

/** A source spec with derived fields: the planner sees through it and pushes later stages into the kernel. */
export interface ViewCollector extends CollectorBase {
  readonly kind: "view";
  readonly fields: readonly Field[];
  view(params: ParamValues): View;
}

/** What a view lowers to. */
export interface View {
  readonly source: SourceSpec;
  readonly filters: readonly Expr[];
  /** One for each field of the collector. */
  readonly fields: readonly NamedExpr[];
}

/** A whole profile; only show, save, ask and merging follow it. */
export interface ProfileCollector extends CollectorBase {
  readonly kind: "profile";
  profile(request: RowsRequest, context: RunContext): Promise<Profile>;
}

/** A source of data for recipes. */
export type Collector = RowsCollector | ViewCollector | ProfileCollector;
