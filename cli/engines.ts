import type { Host } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession } from "../core/plugin_api/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import { UnsupportedError } from "../core/data/mod.ts";

const engines = new WeakMap<Host, readonly ProbeEngine[]>();

/** The engines of this machine, best first. Loaded when a probe is first asked for. */
export async function enginesOf(host: Host): Promise<readonly ProbeEngine[]> {
  let list = engines.get(host);
  if (!list) {
    const { bpfEngine } = await import("../bpf/mod.ts");
    list = [bpfEngine(host)];
    engines.set(host, list);
  }
  return list;
}

/**
 * The first engine that takes the spec.
 *
 * @throws {UnsupportedError} with the reason of the best one when none does
 */
export async function chooseEngineFor(host: Host, spec: ProbeSpec): Promise<ProbeEngine> {
  const { chooseEngine } = await import("../core/engine/mod.ts");
  const choice = chooseEngine(spec, await enginesOf(host));
  if (choice.engine) return choice.engine;
  throw new UnsupportedError(choice.reason, choice.remedy);
}

/** Opens a probe on the best engine. @throws {UnsupportedError} when there is none */
export async function openProbe(host: Host, spec: ProbeSpec): Promise<ProbeSession> {
  return (await chooseEngineFor(host, spec)).open(spec);
}
