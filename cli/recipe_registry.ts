import { listProbes, probeField, probeFields } from "../bpf/list_probes.ts";
import { probePointText } from "../core/query/mod.ts";
import type { RecipeRegistry } from "../dsl/mod.ts";
import type { Session } from "./session.ts";

/** Endings of the files that results can be written to. */
export const SAVE_EXTENSIONS: readonly string[] = [".json", ".csv", ".txt", ".svg", ".folded"];

/** What the language's checker asks: collectors come from the plugins, probes from the kernel when a recipe has some. */
export function recipeRegistry(session: Session): RecipeRegistry {
  const { host } = session;
  const collectors = new Map(session.registry.collectors().map((c) => [c.name, c]));
  return {
    collector: (name) => collectors.get(name),
    collectorNames: () => [...collectors.keys()],
    probeFields(point) {
      const fields = probeFields(point, host);
      if (fields) return fields;
      // Where no probe of the kind can be listed, this one may exist all the same: the engine will tell.
      const known = listProbes(`${point.kind}:*`, host).length > 0;
      return known ? `There is no ${probePointText(point)} on this machine` : null;
    },
    probeField: (point, name) => {
      const found = probeField(point, name, host);
      return typeof found === "string" ? null : found;
    },
    similarProbes(point) {
      const text = probePointText(point);
      return listProbes(text.slice(0, text.indexOf(":") + 1) + "*", host);
    },
    saveExtensions: () => SAVE_EXTENSIONS,
  };
}
