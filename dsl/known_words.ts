import { stageSignature } from "./check_plugin_stage.ts";
import { ENDINGS } from "./endings.ts";
import type { RecipeRegistry } from "./registry.ts";
import { AGGREGATIONS, STAGES, type WordInfo } from "./words.ts";

/** The stages of the language and of plugins. */
export function knownStages(registry: RecipeRegistry): readonly WordInfo[] {
  const more = registry.addedWords?.().stages ?? [];
  return [...STAGES, ...more.map((s) => ({ name: s.name, signature: stageSignature(s), doc: s.doc }))];
}

/** The aggregations of the language and of plugins; those of plugins that are loaded are among ours already. */
export function knownAggregations(registry: RecipeRegistry): readonly WordInfo[] {
  const ours = new Set(AGGREGATIONS.map((w) => w.name));
  const more = (registry.addedWords?.().aggregations ?? []).filter((a) => !ours.has(a.name));
  return [...AGGREGATIONS, ...more.map((a) => ({ name: a.name, signature: `${a.name}(x)`, doc: a.doc }))];
}

/** Whether an aggregation stands alone in its stage: its result is no table. */
export function standsAlone(name: string): boolean {
  return Object.hasOwn(ENDINGS, name);
}
