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
 * The first engine that takes the spec.
 *
 * @throws {UnsupportedError} with the reason of each when none does
 */
export async function chooseEngineFor(host: Host, spec: ProbeSpec): Promise<ProbeEngine> {
  const { chooseEngine, requireEngine } = await import("../core/engine/mod.ts");
  return requireEngine(chooseEngine(spec, await enginesOf(host)), spec);
}

/** Opens a probe on the best engine. @throws {UnsupportedError} when there is none */
export async function openProbe(host: Host, spec: ProbeSpec): Promise<ProbeSession> {
  return (await chooseEngineFor(host, spec)).open(spec);
}
