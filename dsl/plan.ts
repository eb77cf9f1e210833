import type { Field } from "../core/data/mod.ts";
import type { AggregateSpec, Expr, NamedExpr, SourceSpec, ValueType } from "../core/query/mod.ts";

/**
 * What running a recipe means. Pure data (JSON but for bigint): parameters are unbound, engines unasked, plugins
 * unloaded, so that a plan can be kept and run again elsewhere.
 */
export interface Plan {
  readonly version: 1;
  /** Empty without a `recipe` line. */
  readonly recipe: string;
  readonly title: string;
  readonly params: readonly PlanParam[];
  readonly steps: readonly PlanStep[];
  /** Names of the results that are shown, in their order. Blocks add theirs when they run. */
  readonly shown: readonly string[];
}

/** A parameter. */
export interface PlanParam {
  readonly name: string;
  readonly t: ValueType;
  /** Null: it must be given. A constant expression, which may name earlier parameters. */
  readonly default: Expr | null;
  readonly doc: string;
}

/** One thing to do. Steps run one after the other. */
export type PlanStep =
  /** Pipelines that start together; the phase ends with the last of them. */
  | { readonly kind: "phase"; readonly pipelines: readonly PipelinePlan[] }
  /** A pipeline over an earlier result. */
  | { readonly kind: "derived"; readonly pipeline: PipelinePlan }
  | WhenPlan
  | ExpectPlan
  | { readonly kind: "save"; readonly result: string; readonly file: string }
  | AskPlan;

/** `when`: its blocks run as phases of their own. */
export interface WhenPlan {
  readonly kind: "when";
  readonly condition: ConditionPlan;
  readonly then: BlockPlan;
  readonly otherwise: BlockPlan;
}

/** What stands between braces. */
export interface BlockPlan {
  readonly steps: readonly PlanStep[];
  readonly shown: readonly string[];
}

/** `expect` */
export interface ExpectPlan {
  readonly kind: "expect";
  readonly condition: ConditionPlan;
  /** A ratio of loss, or of error, up to which the answer counts. Null: 1 %. */
  readonly tolerate: Expr | null;
  /** What `else` says; empty without. */
  readonly message: string;
}

/** `ask` and `investigate` */
export interface AskPlan {
  readonly kind: "ask";
  readonly question: string;
  /** Names of the results that are given. */
  readonly results: readonly string[];
  /** `investigate`: tools may be called. */
  readonly tools: boolean;
  /** Measuring time of an investigation; null: 8 s. */
  readonly duration: Expr | null;
}

/** A condition over results: figures are taken from results first, then the expression is evaluated once. */
export interface ConditionPlan {
  /** As written. */
  readonly text: string;
  readonly figures: readonly Figure[];
  /** Over fields named as the figures. */
  readonly expr: Expr;
}

/** A number taken from a result: an aggregate over its rows, or a column of its only row. */
export interface Figure {
  readonly name: string;
  readonly result: string;
  /** Null: the value of `args[0]` in the only row. */
  readonly fn: string | null;
  readonly args: readonly Expr[];
  readonly t: ValueType;
}

/** Rows from a source through stages to a result. */
export interface PipelinePlan {
  /** Unique in the plan. */
  readonly name: string;
  readonly source: SourcePlan;
  readonly stages: readonly StagePlan[];
  /** Fields of the result, in their order; empty for a profile. */
  readonly fields: readonly Field[];
}

/** Where rows come from. */
export type SourcePlan =
  | {
    readonly kind: "collector";
    readonly collector: string;
    readonly collects: "rows" | "view" | "profile";
    readonly window: "snapshot" | "interval" | "stream";
    readonly args: readonly NamedExpr[];
    /** Null: none was given. */
    readonly duration: Expr | null;
    readonly includeSelf: boolean;
  }
  | {
    readonly kind: "probes";
    /** Events, spans or calls; wildcards are expanded, keys may name parameters. */
    readonly source: SourceSpec;
    readonly duration: Expr | null;
    readonly includeSelf: boolean;
  }
  | { readonly kind: "result"; readonly result: string };

/** One stage. Constants such as counts are expressions over parameters. */
export type StagePlan =
  | { readonly kind: "filter"; readonly expr: Expr }
  | { readonly kind: "derive"; readonly derived: readonly NamedExpr[] }
  | { readonly kind: "select"; readonly columns: readonly NamedExpr[] }
  | { readonly kind: "aggregate"; readonly keys: readonly NamedExpr[]; readonly aggregates: readonly AggregateSpec[] }
  | { readonly kind: "sort"; readonly keys: readonly SortPlan[] }
  | { readonly kind: "top"; readonly count: Expr; readonly keys: readonly SortPlan[] }
  | { readonly kind: "limit"; readonly count: Expr }
  | { readonly kind: "distinct"; readonly columns: readonly NamedExpr[] };

/** A key to sort by. */
export interface SortPlan {
  readonly expr: Expr;
  readonly descending: boolean;
}
