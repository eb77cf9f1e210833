import type { Field } from "../core/data/mod.ts";
import type { CollectorInfo } from "../core/plugin_api/mod.ts";
import type { ProbePoint } from "../core/query/mod.ts";

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
  /** A member of a struct that an argument or the task points to (`args.prev.comm`), named in full; null for none. */
  probeField?(point: ProbePoint, name: string): Field | null;
  /** Names of probes like this one, for "did you mean"; may be empty. */
  similarProbes?(point: ProbePoint): readonly string[];
  /** Endings of files that `save` can write: `.svg`, `.json`. */
  saveExtensions(): readonly string[];
}
