import type { Field } from "../core/data/mod.ts";
import { probePointText } from "../core/query/mod.ts";
import type { Catalog } from "../bpf/probes/catalog.ts";
import type { RecipeRegistry } from "../dsl/mod.ts";
import { nearest } from "../dsl/nearest.ts";
import type { Session } from "./session.ts";

/** Endings of the files that results can be written to. */
export const SAVE_EXTENSIONS: readonly string[] = [".json", ".csv", ".txt", ".svg", ".folded"];

/**
 * What the language's checker asks: collectors come from the plugins, probes from the kernel.
 *
 * @param catalog of probes; asked only when a recipe has some
 */
export function recipeRegistry(session: Session, catalog: () => Catalog): RecipeRegistry {
  const collectors = new Map(session.registry.collectors().map((c) => [c.name, c]));
  return {
    collector: (name) => collectors.get(name),
    collectorNames: () => [...collectors.keys()],
    probeFields(point) {
      const fields = catalog().fields(point);
      return fields ? argumentsOf(fields) : `There is no ${probePointText(point)} on this machine`;
    },
    similarProbes(point) {
      const text = probePointText(point);
      const kind = text.slice(0, text.indexOf(":") + 1);
      const near = nearest(text, catalog().points().filter((p) => p.startsWith(kind)));
      return near === undefined || near === null ? [] : [near].flat();
    },
    saveExtensions: () => SAVE_EXTENSIONS,
  };
}

/** The arguments among a probe's fields, named as the checker wants them: without `args.`. */
function argumentsOf(fields: readonly Field[]): Field[] {
  return fields.filter((f) => f.name.startsWith("args.")).map((f) => ({ ...f, name: f.name.slice(5) }));
}

