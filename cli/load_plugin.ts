import { UsageError } from "../core/data/mod.ts";
import type { Plugin, Registry, SondeApi } from "../core/plugin_api/mod.ts";

/**
 * Loads a plugin from a file and adds it. The file's default export is a function that takes a {@linkcode SondeApi} and
 * answers a {@linkcode Plugin}.
 *
 * @throws {UsageError} when the file cannot be loaded, throws, or is no plugin; the message names it
 */
export async function loadPlugin(path: string, api: SondeApi, registry: Registry): Promise<void> {
  let plugin: Plugin;
  try {
    // Loaded here: few runs have a plugin, and all would pay for these.
    const [{ resolve }, { pathToFileURL }] = await Promise.all([import("node:path"), import("node:url")]);
    const module = await import(pathToFileURL(resolve(path)).href);
    if (typeof module.default !== "function") {
      throw new TypeError("it has no default export that is a function (sonde) => plugin");
    }
    plugin = await module.default(api);
  } catch (error) {
    throw new UsageError(`Plugin "${path}" could not be loaded: ${error instanceof Error ? error.message : error}`);
  }
  const wrong = whatIsWrong(plugin);
  if (wrong) {
    throw new UsageError(
      `Plugin "${path}" ${wrong}`,
      "See docs/adding-a-collector.md, docs/adding-a-stage.md and docs/adding-a-tool.md",
    );
  }
  registry.add(plugin);
}

/** What keeps a value from being a plugin, or null. Third parties write JavaScript: nothing is checked before. */
function whatIsWrong(plugin: unknown): string | null {
  if (typeof plugin !== "object" || plugin === null) return "answers no object";
  const p = plugin as Record<string, unknown>;
  for (const key of ["name", "version", "doc"]) {
    if (typeof p[key] !== "string" || p[key] === "") return `has no "${key}"`;
  }
  for (const c of (p.collectors ?? []) as Record<string, unknown>[]) {
    const run = { rows: "rows", view: "view", profile: "profile" }[c.kind as string];
    if (!run || typeof c[run] !== "function") {
      return `has a collector "${c.name}" whose kind is not rows, view or profile with a function of that name`;
    }
    if (c.kind !== "profile" && !Array.isArray(c.fields)) return `has a collector "${c.name}" without fields`;
    if (!Array.isArray(c.params)) return `has a collector "${c.name}" without params (an empty list will do)`;
  }
  for (const t of (p.tools ?? []) as Record<string, unknown>[]) {
    if (typeof t.run !== "function") return `has a tool "${t.name}" without a function "run"`;
    if (typeof t.params !== "object" || t.params === null) return `has a tool "${t.name}" without params ({} will do)`;
    if (!Array.isArray(t.required)) return `has a tool "${t.name}" without required ([] will do)`;
    if (!["read", "probe", "run", "change"].includes(t.effect as string)) {
      return `has a tool "${t.name}" whose effect is not read, probe, run or change`;
    }
  }
  for (const s of (p.stages ?? []) as Record<string, unknown>[]) {
    if (typeof s.apply !== "function") return `has a stage "${s.name}" without a function "apply"`;
    if (typeof s.fields !== "function") return `has a stage "${s.name}" without a function "fields"`;
    if (!Array.isArray(s.params)) return `has a stage "${s.name}" without params (an empty list will do)`;
  }
  for (const a of (p.aggregations ?? []) as Record<string, unknown>[]) {
    const absent = ["init", "add", "merge", "result"].find((name) => typeof a[name] !== "function");
    if (absent) return `has an aggregation "${a.name}" without a function "${absent}"`;
  }
  for (const n of (p.notifiers ?? []) as Record<string, unknown>[]) {
    if (typeof n.notify !== "function") return `has a notifier "${n.name}" without a function "notify"`;
  }
  return null;
}
