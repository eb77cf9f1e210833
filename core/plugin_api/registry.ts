import type { Field } from "../data/mod.ts";
import { UsageError } from "../data/mod.ts";
import type { Collector, ParamSpec } from "./collector.ts";
import type { Plugin } from "./plugin.ts";
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
  };
}

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
      infos.push(info);
      loaded.set(info.name, plugin);
      for (const c of info.collectors) collectors.set(c.name, c);
      for (const t of info.tools) tools.set(t.name, t);
    },
  };
}
