import { UsageError } from "../core/data/mod.ts";
import { type Host, mountTracefs } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession } from "../core/plugin_api/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";

const engines = new WeakMap<Host, readonly ProbeEngine[]>();

/** The engines of this machine, best first. Loaded when a probe is first asked for. */
export async function enginesOf(host: Host): Promise<readonly ProbeEngine[]> {
  let list = engines.get(host);
  if (!list) {
    const [{ bpfEngine }, { perfEngine, pollEngine }] = await Promise.all([
      import("../bpf/mod.ts"),
      import("../core/engine/mod.ts"),
    ]);
    // Without it only raw tracepoints have names; doctor says why where it cannot be mounted.
    mountTracefs(host);
    list = [bpfEngine(host), perfEngine(host), pollEngine()];
    engines.set(host, list);
  }
  return list;
}

/**
 * One engine by its name, as `--engine` forces it.
 *
 * @throws {UsageError} when there is none of that name
 */
export async function engineNamed(host: Host, name: string): Promise<ProbeEngine> {
  const list = await enginesOf(host);
  const found = list.find((e) => e.name === name);
  if (found) return found;
  const names = list.map((e) => e.name).join(", ");
  throw new UsageError(`There is no engine "${name}"`, `Engines, best first: ${names}`);
}

/**
 * The first engine that takes the spec, for a caller that asks for less when none does: once an engine could give the
 * bare events, no lesser one is asked.
 *
 * @param only name of the one engine to ask
 * @throws {UnsupportedError} with the reason of each when none does
 * @throws {UsageError} when `only` is no engine
 */
export async function chooseEngineFor(host: Host, spec: ProbeSpec, only?: string): Promise<ProbeEngine> {
  const { chooseForSplit, requireEngine } = await import("../core/engine/mod.ts");
  const list = only === undefined ? await enginesOf(host) : [await engineNamed(host, only)];
  return requireEngine(chooseForSplit(spec, list), spec);
}

/** Opens a probe on the best engine that takes it as it is. @throws {UnsupportedError} when there is none */
export async function openProbe(host: Host, spec: ProbeSpec): Promise<ProbeSession> {
  const { chooseEngine, requireEngine } = await import("../core/engine/mod.ts");
  return requireEngine(chooseEngine(spec, await enginesOf(host)), spec).open(spec);
}
