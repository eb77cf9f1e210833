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
    probeFields: (point) => probeFields(point, host) ?? `There is no ${probePointText(point)} on this machine`,
    probeField: (point, name) => probeField(point, name, host),
    similarProbes(point) {
      const text = probePointText(point);
      return listProbes(text.slice(0, text.indexOf(":") + 1) + "*", host);
    },
    saveExtensions: () => SAVE_EXTENSIONS,
  };
}
