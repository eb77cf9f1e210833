import type { Field } from "../data/mod.ts";
import { UsageError } from "../data/mod.ts";
import type { Collector, ParamSpec } from "./collector.ts";
import type { Aggregation, AggregationInfo, Notifier, Plugin, Stage, StageInfo } from "./plugin.ts";
import type { Tool } from "./tool.ts";

/** What is known of a collector without loading its plugin. */
export interface CollectorInfo {
  readonly name: string;
  readonly doc: string;
  readonly kind: Collector["kind"];
  readonly window: Collector["window"];
  readonly params: readonly ParamSpec[];
  /** Empty for profiles. */
  readonly fields: readonly Field[];
  readonly plugin: string;
}

/** What is known of a tool without loading its plugin. */
export type ToolInfo = Omit<Tool, "run"> & { readonly plugin: string };

/** What is known of a plugin without loading it. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly doc: string;
  readonly collectors: readonly CollectorInfo[];
  readonly tools: readonly ToolInfo[];
  readonly stages: readonly StageInfo[];
  readonly aggregations: readonly AggregationInfo[];
}

/** All that plugins have added. Built-in ones are loaded when first used. */
export interface Registry {
  plugins(): readonly PluginInfo[];
  collectors(): readonly CollectorInfo[];
  tools(): readonly ToolInfo[];
  /** @throws {UsageError} when there is none of this name */
  collector(name: string): Promise<Collector>;
  /** @throws {UsageError} when there is none of this name */
  tool(name: string): Promise<Tool>;
  /** Stages and aggregations of the language that plugins add. */
  stages(): readonly StageInfo[];
  aggregations(): readonly AggregationInfo[];
  /** Null where there is none of this name. */
  stage(name: string): Promise<Stage | null>;
  /** Null where there is none of this name. */
  aggregation(name: string): Promise<Aggregation | null>;
  /** Those of the plugins that are loaded. */
  notifiers(): readonly Notifier[];
  /**
   * Adds a loaded plugin.
   *
   * @throws {UsageError} when one of its names is taken or malformed
   */
  add(plugin: Plugin): void;
}

/** The description of a plugin, for the index of built-in ones. */
export function describePlugin(plugin: Plugin): PluginInfo {
  return {
    name: plugin.name,
    version: plugin.version,
    doc: plugin.doc,
    collectors: (plugin.collectors ?? []).map((c) => ({
      name: c.name,
      doc: c.doc,
      kind: c.kind,
      window: c.window,
      params: c.params,
      fields: c.kind === "profile" ? [] : c.fields,
      plugin: plugin.name,
    })),
    tools: (plugin.tools ?? []).map(({ name, description, params, required, effect, timed }) => ({
      name,
      description,
      params,
      required,
      effect,
      timed,
      plugin: plugin.name,
    })),
    stages: (plugin.stages ?? []).map(({ name, doc, params, by }) => ({
      name,
      doc,
      params,
      ...(by && { by }),
      plugin: plugin.name,
    })),
    aggregations: (plugin.aggregations ?? []).map(({ name, doc, type }) => ({
      name,
      doc,
      ...(type && { type }),
      plugin: plugin.name,
    })),
  };
}

/** Names that the language has itself. A test compares them with its own lists. */
export const RESERVED: Readonly<Record<"stage" | "aggregation", readonly string[]>> = {
  stage: "filter derive select aggregate sort top limit distinct sample window enrich detect join".split(" "),
  aggregation: (
    "count sum min max avg stddev p50 p75 p90 p95 p99 p999 quantile hist lhist distinct first last topk rate share flame series"
  ).split(" "),
};

/**
 * A registry over an index of plugins that are not loaded yet.
 *
 * @param load loads a built-in plugin by name
 */
export function createRegistry(
  index: readonly PluginInfo[],
  load: (name: string) => Promise<Plugin>,
): Registry {
  const infos = [...index];
  const loaded = new Map<string, Plugin>();
  const collectors = new Map(infos.flatMap((p) => p.collectors.map((c) => [c.name, c])));
  const tools = new Map(infos.flatMap((p) => p.tools.map((t) => [t.name, t])));
  const stages = new Map(infos.flatMap((p) => p.stages.map((s) => [s.name, s])));
  const aggregations = new Map(infos.flatMap((p) => p.aggregations.map((a) => [a.name, a])));

  const pluginOf = async (name: string): Promise<Plugin> => {
    let plugin = loaded.get(name);
    if (!plugin) {
      plugin = await load(name);
      loaded.set(name, plugin);
    }
    return plugin;
  };
  const known = <T>(map: ReadonlyMap<string, T>, what: string, name: string): T => {
    const info = map.get(name);
    if (info) return info;
    throw new UsageError(`There is no ${what} "${name}"`, `There are: ${[...map.keys()].sort().join(", ")}`);
  };

  return {
    plugins: () => infos,
    collectors: () => [...collectors.values()],
    tools: () => [...tools.values()],
    async collector(name) {
      const info = known(collectors, "collector", name);
      const found = (await pluginOf(info.plugin)).collectors?.find((c) => c.name === name);
      if (!found) throw new TypeError(`Plugin "${info.plugin}" no longer has the collector "${name}" of its index`);
      return found;
    },
    async tool(name) {
      const info = known(tools, "tool", name);
      const found = (await pluginOf(info.plugin)).tools?.find((t) => t.name === name);
      if (!found) throw new TypeError(`Plugin "${info.plugin}" no longer has the tool "${name}" of its index`);
      return found;
    },
    stages: () => [...stages.values()],
    aggregations: () => [...aggregations.values()],
    async stage(name) {
      const info = stages.get(name);
      return info ? (await pluginOf(info.plugin)).stages?.find((s) => s.name === name) ?? null : null;
    },
    async aggregation(name) {
      const info = aggregations.get(name);
      return info ? (await pluginOf(info.plugin)).aggregations?.find((a) => a.name === name) ?? null : null;
    },
    notifiers: () => [...loaded.values()].flatMap((p) => p.notifiers ?? []),
    add(plugin) {
      const info = describePlugin(plugin);
      if (infos.some((p) => p.name === info.name)) throw new UsageError(`There is a plugin "${info.name}" already`);
      for (const c of info.collectors) {
        if (!/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(c.name)) {
          throw new UsageError(`Plugin "${info.name}": "${c.name}" is no name of a collector`, "Write area.name");
        }
        if (collectors.has(c.name)) {
          throw new UsageError(
            `Plugin "${info.name}": the collector "${c.name}" is taken by "${collectors.get(c.name)?.plugin}"`,
          );
        }
      }
      for (const t of info.tools) {
        if (!/^[a-z][a-z0-9_]{0,63}$/.test(t.name)) {
          throw new UsageError(`Plugin "${info.name}": "${t.name}" is no name of a tool`, "Write lower_case");
        }
        if (tools.has(t.name)) {
          throw new UsageError(
            `Plugin "${info.name}": the tool "${t.name}" is taken by "${tools.get(t.name)?.plugin}"`,
          );
        }
      }
      for (
        const [what, list, known] of [["stage", info.stages, stages], [
          "aggregation",
          info.aggregations,
          aggregations,
        ]] as const
      ) {
        for (const { name } of list) {
          if (!/^[a-z][a-z0-9_]*$/.test(name)) {
            throw new UsageError(`Plugin "${info.name}": "${name}" is no name of a ${what}`, "Write lower_case");
          }
          const taken = known.get(name)?.plugin ?? (RESERVED[what].includes(name) ? "the language" : null);
          if (taken !== null) {
            throw new UsageError(`Plugin "${info.name}": the ${what} "${name}" is taken by "${taken}"`);
          }
        }
      }
      infos.push(info);
      loaded.set(info.name, plugin);
      for (const c of info.collectors) collectors.set(c.name, c);
      for (const t of info.tools) tools.set(t.name, t);
      for (const s of info.stages) stages.set(s.name, s);
      for (const a of info.aggregations) aggregations.set(a.name, a);
    },
  };
}
