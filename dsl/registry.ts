import type { Field } from "../core/data/mod.ts";
import type { CollectorInfo } from "../core/plugin_api/mod.ts";
import type { ProbePoint } from "../core/query/mod.ts";

/** What the checker asks about the world, before anything runs. */
export interface RecipeRegistry {
  /** What is known of a collector, or undefined where there is none of this name. */
  collector(name: string): Omit<CollectorInfo, "plugin"> | undefined;
  collectorNames(): readonly string[];
  /**
   * The arguments of a probe, named without `args.`.
   *
   * @returns null when they cannot be known here (builtins can be used all the same), or a text that says why the
   *   probe cannot be at all: `There is no tracepoint "sched:sched_swich"`
   */
  probeFields(point: ProbePoint): readonly Field[] | null | string;
  /** Names of probes like this one, for "did you mean"; may be empty. */
  similarProbes?(point: ProbePoint): readonly string[];
  /** Endings of files that `save` can write: `.svg`, `.json`. */
  saveExtensions(): readonly string[];
}
