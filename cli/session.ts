import type { Host } from "../core/host/mod.ts";
import { openHost } from "../core/host/mod.ts";
import {
  createRegistry,
  type PluginInfo,
  type Registry,
  type RunContext,
  type SondeApi,
} from "../core/plugin_api/mod.ts";
import index from "../plugins/index.json" with { type: "json" };
import { interruptSignal } from "./interrupt.ts";
import { loadPlugin } from "./load_plugin.ts";
import { PLUGIN_LOADERS } from "./plugin_loaders.ts";
import { createSondeApi } from "./sonde_api.ts";

/** What commands work with. */
export interface Session {
  readonly host: Host;
  readonly api: SondeApi;
  readonly registry: Registry;
  readonly context: RunContext;
}

/**
 * Puts a session together.
 *
 * @param plugins files of plugins to add
 * @param progress where progress texts go; nowhere by default
 */
export async function openSession(
  plugins: readonly string[] = [],
  progress: (text: string) => void = () => {},
): Promise<Session> {
  const host = openHost();
  const api = createSondeApi(host);
  const registry = createRegistry(
    index as unknown as PluginInfo[],
    async (name) => (await PLUGIN_LOADERS[name]()).default(api),
  );
  for (const path of plugins) await loadPlugin(path, api, registry);
  return { host, api, registry, context: { signal: interruptSignal(), progress } };
}
