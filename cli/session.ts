import { UsageError } from "../core/data/mod.ts";
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

/** Options of a session. */
export interface SessionOptions {
  /** A file with the kernel's type information, instead of the kernel's own. */
  readonly btf?: string;
}

/**
 * Puts a session together.
 *
 * @param plugins files of plugins to add
 * @param progress where progress texts go; nowhere by default
 * @param options what stands for files of the machine
 * @throws {UsageError} when a file that is named cannot be read, or is no type information
 */
export async function openSession(
  plugins: readonly string[] = [],
  progress: (text: string) => void = () => {},
  options: SessionOptions = {},
): Promise<Session> {
  if (options.btf !== undefined) await checkBtf(options.btf);
  const host = openHost("/", options);
  const session = sessionOn(host, progress, options);
  for (const path of plugins) await loadPlugin(path, session.api, session.registry);
  return session;
}

/** A session with the built-in plugins. */
export function sessionOn(
  host: Host,
  progress: (text: string) => void = () => {},
  options: SessionOptions = {},
): Session {
  const api = createSondeApi(host, options);
  const registry = createRegistry(
    index as unknown as PluginInfo[],
    async (name) => (await PLUGIN_LOADERS[name]()).default(api),
  );
  return { host, api, registry, context: { signal: interruptSignal(), progress } };
}

const ABOUT_BTF = "Raw BTF, as the kernel's own; of an ELF file: objcopy -O binary --only-section=.BTF vmlinux FILE";

/** Looks at the whole of it: what is found out later would look like a fault of ours. */
async function checkBtf(path: string): Promise<void> {
  try {
    // A FIFO would keep us waiting for whoever writes to it.
    if (!Deno.statSync(path).isFile) throw new UsageError(`--btf: "${path}" is no regular file`, ABOUT_BTF);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--btf: cannot read "${path}": ${(error as Error).message}`, "Name a file with BTF");
  }
  const { BtfError, openBtf } = await import("../bpf/btf/mod.ts");
  try {
    openBtf(path)[Symbol.dispose]();
  } catch (error) {
    if (error instanceof BtfError) {
      throw new UsageError(`--btf: "${path}" is no type information: ${error.message}`, ABOUT_BTF);
    }
    throw new UsageError(`--btf: cannot read "${path}": ${(error as Error).message}`, "Name a file with BTF");
  }
}
