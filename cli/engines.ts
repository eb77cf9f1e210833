import { UsageError } from "../core/data/mod.ts";
import type { EngineChoice } from "../core/engine/mod.ts";
import { type Host, mountTracefs } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession } from "../core/plugin_api/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";

const engines = new WeakMap<Host, readonly ProbeEngine[]>();

/** The engines of this machine, best first. Loaded when a probe is first asked for. */
export async function enginesOf(host: Host): Promise<readonly ProbeEngine[]> {
  let list = engines.get(host);
  if (!list) {
    const { bpfEngine } = await import("../bpf/mod.ts");
    // Without it only raw tracepoints have names; doctor says why where it cannot be mounted.
    mountTracefs(host);
    list = [bpfEngine(host)];
    engines.set(host, list);
  }
  return list;
}

/**
 * Asks the engines of this machine, best first, until one takes the spec.
 *
 * @param only name of the only engine to ask
 * @throws {UsageError} when there is none of that name
 */
export async function askEngines(host: Host, spec: ProbeSpec, only?: string): Promise<EngineChoice> {
  const { chooseEngine } = await import("../core/engine/mod.ts");
  const all = await enginesOf(host);
  const asked = only === undefined ? all : all.filter((e) => e.name === only);
  if (asked.length === 0 && only !== undefined) {
    throw new UsageError(`There is no engine "${only}"`, `Engines: ${all.map((e) => e.name).join(", ")}`);
  }
  return chooseEngine(spec, asked);
}

/**
 * The first engine that takes the spec.
 *
 * @param only name of the only engine to ask
 * @throws {UnsupportedError} with the reason of each when none does
 * @throws {UsageError} when there is none of that name
 */
export async function chooseEngineFor(host: Host, spec: ProbeSpec, only?: string): Promise<ProbeEngine> {
  const { requireEngine } = await import("../core/engine/mod.ts");
  return requireEngine(await askEngines(host, spec, only), spec);
}

/** Opens a probe on the best engine. @throws {UnsupportedError} when there is none */
export async function openProbe(host: Host, spec: ProbeSpec): Promise<ProbeSession> {
  return (await chooseEngineFor(host, spec)).open(spec);
}
