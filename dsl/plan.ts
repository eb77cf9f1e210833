import type { Field, Unit } from "../core/data/mod.ts";
import type { JoinKind } from "../core/query/join_batch.ts";
import type { AggregateSpec, Expr, NamedExpr, SourceSpec, ValueType } from "../core/query/mod.ts";
import type { DetectMethod } from "../core/stats/detect.ts";

export type { DetectMethod, JoinKind };

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
  /** How those are shown of which the recipe says it. */
  readonly forms: readonly FormPlan[];
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
  | PhasePlan
  /** A pipeline over an earlier result. */
  | { readonly kind: "derived"; readonly pipeline: PipelinePlan }
  | WhenPlan
  | EveryPlan
  | ExpectPlan
  | AlertPlan
  | { readonly kind: "save"; readonly result: string; readonly file: string }
  | AskPlan;

/** Pipelines that start together; the phase ends with the last of them. */
export interface PhasePlan {
  readonly kind: "phase";
  readonly pipelines: readonly PipelinePlan[];
}

/** `when`: its blocks run as phases of their own. */
export interface WhenPlan {
  readonly kind: "when";
  readonly condition: ConditionPlan;
  readonly then: BlockPlan;
  readonly otherwise: BlockPlan;
}

/** `every`: its block runs again and again. */
export interface EveryPlan {
  readonly kind: "every";
  readonly period: Expr;
  /** Null: until stopped. */
  readonly duration: Expr | null;
  readonly body: BlockPlan;
}

/** What stands between braces. */
export interface BlockPlan {
  readonly steps: readonly PlanStep[];
  readonly shown: readonly string[];
  readonly forms: readonly FormPlan[];
}

/** How a result can be shown. */
export type ShowForm = "table" | "hist" | "flame" | "series" | "heatmap";

/** `show RESULT as FORM`, with the columns that it is made of; those that the form does not need are null. */
export interface FormPlan {
  readonly result: string;
  readonly form: ShowForm;
  readonly time: string | null;
  readonly value: string | null;
  readonly keys: readonly string[];
  /** Of a series: further columns of numbers, of the same unit, that are lines too. */
  readonly more?: readonly string[];
}

/** `alert` */
export interface AlertPlan {
  readonly kind: "alert";
  readonly message: string;
  /** Null: whenever it is reached. */
  readonly condition: ConditionPlan | null;
  /** How long the condition has to hold; null: not at all. */
  readonly holdFor: Expr | null;
  /** Names of the results that go with it. */
  readonly results: readonly string[];
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
  /** Fields of the result, in their order; empty for what is no table. */
  readonly fields: readonly Field[];
  /** What is made of the final rows, where the result is no table. */
  readonly ending?: EndingPlan;
  /** It only feeds another pipeline: its result is not one of the recipe. */
  readonly hidden?: true;
}

/** What a pipeline's rows become at the end. */
export type EndingPlan =
  /** `flame`: a profile with a stack and a value a row; the other columns are labels. */
  | {
    readonly kind: "flame";
    readonly stack: string;
    readonly value: string;
    readonly keys: readonly string[];
    readonly sample: { readonly name: string; readonly unit: Unit };
  }
  /** `series`: a line for each combination of keys. */
  | {
    readonly kind: "series";
    readonly time: string;
    readonly value: string;
    readonly keys: readonly string[];
    readonly unit: Unit;
  };

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
  | { readonly kind: "distinct"; readonly columns: readonly NamedExpr[] }
  /** A ratio: each row with that probability; an int: so many rows of all. */
  | { readonly kind: "sample"; readonly size: Expr }
  | JoinPlan
  /** Adds `expected`, `score` and `anomaly`. */
  | {
    readonly kind: "detect";
    readonly value: Expr;
    readonly method: DetectMethod;
    readonly threshold: Expr;
    readonly keys: readonly Expr[];
  }
  /** A stage of a plugin. */
  | {
    readonly kind: "plugin";
    readonly stage: string;
    /** Constants by the names of the stage's parameters. */
    readonly args: readonly NamedExpr[];
    /** Columns by the names of the stage's parameters. */
    readonly columns: Readonly<Record<string, string>>;
    /** Columns behind `by`. */
    readonly by: readonly string[];
    /** What comes out. */
    readonly fields: readonly Field[];
  };

/** How `join` and `enrich` put rows beside rows. */
export interface JoinPlan {
  readonly kind: "join";
  /** `join` as it was written, or `enrich`: each row stays one, and of several partners the first counts. */
  readonly word: "join" | "enrich";
  readonly join: JoinKind;
  /** The result whose rows are put beside. */
  readonly right: string;
  readonly leftKeys: readonly Expr[];
  /** Over the fields of `right`. */
  readonly rightKeys: readonly Expr[];
  /** Fields of `right` that are added, and their names. */
  readonly take: readonly { readonly name: string; readonly field: string }[];
}

/** A key to sort by. */
export interface SortPlan {
  readonly expr: Expr;
  readonly descending: boolean;
}
