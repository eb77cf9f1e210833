import type { Field } from "../core/data/mod.ts";
import type { CollectorInfo, Stage } from "../core/plugin_api/mod.ts";
import type { CallTarget, ProbePoint } from "../core/query/mod.ts";

/** What the checker asks about the world, before anything runs. */
export interface RecipeRegistry {
  /** What is known of a collector, or undefined where there is none of this name. */
  collector(name: string): Omit<CollectorInfo, "plugin"> | undefined;
  collectorNames(): readonly string[];
  /**
   * The fields of a probe: builtins by their names, arguments as `args.NAME`. Where no builtin is among them, all
   * builtins of the language are taken to be there.
   *
   * @returns null when the arguments cannot be known here (builtins can be used all the same), or a text that says why
   *   the probe cannot be at all: `There is no tracepoint "sched:sched_swich"`
   */
  probeFields(point: ProbePoint): readonly Field[] | null | string;
  /**
   * A member of a struct that an argument or the task points to (`args.prev.comm`), named in full.
   *
   * @returns null for none, or a text that says why: `struct sk_buff has no member "lenn"; nearest: len`
   */
  probeField?(point: ProbePoint, name: string): Field | null | string;
  /** Why arguments of a point may be missing that it has: a sentence, told where one is not found. */
  argumentsNote?(point: ProbePoint): string | undefined;
  /** Names of probes like this one, for "did you mean"; may be empty. */
  similarProbes?(point: ProbePoint): readonly string[];
  /**
   * The probes whose names match a point with `*` (any text) and `?` (any one character) in its names; never in a path.
   *
   * @param limit most points to answer; `total` counts all
   */
  matchProbes(pattern: ProbePoint, limit: number): Matches<ProbePoint>;
  /**
   * The fields of a function's calls: builtins at its entry by their names, `args.NAME`, `ret`, `errno`, `duration`.
   *
   * @returns null when they cannot be known here (builtins, `ret`, `errno` and `duration` can be used all the same), or
   *   a text that says why there can be no such calls
   */
  callFields(target: CallTarget): readonly Field[] | null | string;
  /** Like {@linkcode probeField}, for calls. */
  callField?(target: CallTarget, name: string): Field | null | string;
  /** Names of functions like this one, as `kernel:NAME`, for "did you mean"; may be empty. */
  similarCalls?(target: CallTarget): readonly string[];
  /** Like {@linkcode matchProbes}, for functions. */
  matchCalls(target: CallTarget, limit: number): Matches<CallTarget>;
  /** Endings of files that `save` can write: `.svg`, `.json`. */
  saveExtensions(): readonly string[];
  /** Names of the stages that plugins add. */
  stageNames?(): readonly string[];
  /** What plugins add to the language, for editors; what is loaded already may be among it. */
  addedWords?(): {
    readonly stages: readonly Pick<Stage, "name" | "doc" | "params" | "by">[];
    readonly aggregations: readonly { readonly name: string; readonly doc: string }[];
  };
  /** Loads a stage of a plugin; null where there is none of this name. */
  stage?(name: string): Promise<Stage | null>;
  /** Names of the aggregations that plugins add. */
  aggregationNames?(): readonly string[];
  /** Loads an aggregation of a plugin, so that it is one of the language; does nothing where there is none of this name. */
  loadAggregation?(name: string): Promise<void>;
}

/** What a pattern stands for. */
export interface Matches<T> {
  /** The first of them, in the order of their names. */
  readonly points: readonly T[];
  /** How many there are. */
  readonly total: number;
}
