import type { PluginEntry } from "../core/plugin_api/mod.ts";

/** The built-in plugins. A map of imports, so that a bundler sees them and none is loaded before it is used. */
export const PLUGIN_LOADERS: Readonly<Record<string, () => Promise<{ default: PluginEntry }>>> = {
  system: () => import("../plugins/system/mod.ts"),
  processes: () => import("../plugins/processes/mod.ts"),
  profiler: () => import("../plugins/profiler/mod.ts"),
  counters: () => import("../plugins/counters/mod.ts"),
  calls: () => import("../plugins/calls/mod.ts"),
  analyzers: () => import("../plugins/analyzers/mod.ts"),
  functions: () => import("../plugins/functions/mod.ts"),
  diagnosis: () => import("../plugins/diagnosis/mod.ts"),
};
