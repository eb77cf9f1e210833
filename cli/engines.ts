import { UsageError } from "../core/data/mod.ts";
import type { PlanStore } from "../bpf/engine.ts";
import type { EngineChoice } from "../core/engine/choose_engine.ts";
import type { ProbeResolver } from "../core/engine/mod.ts";
import { type Host, mayHoldLeftovers, mountTracefs } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession } from "../core/plugin_api/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";

type Engines = readonly ProbeEngine[];
const compiled = new WeakMap<Host, Engines>();
const fallback = new WeakMap<Host, Engines>();
const stores = new WeakMap<Host, PlanStore>();

/** Has the engines of a host keep their plans. To be called before they are first asked for. */
export function keepPlans(host: Host, store: PlanStore): void {
  stores.set(host, store);
}

/** Those that run programs in the kernel, best first. */
async function compiledEngines(host: Host): Promise<Engines> {
  return compiled.get(host) ?? await remember(compiled, host, async () => {
    const { openBpfEngine } = await import("../bpf/engine.ts");
    // Without it only raw tracepoints have names; doctor says why where it cannot be mounted.
    mountTracefs(host);
    await cleanUp(host);
    const store = stores.get(host);
    return [openBpfEngine(host, { store }), openBpfEngine(host, { store, stream: "perf" })];
  });
}

/** Removes what killed runs left in tracefs: whoever uses it next does. Nearly always there is nothing. */
async function cleanUp(host: Host): Promise<void> {
  if (mayHoldLeftovers(host)) (await import("../core/ftrace/leftovers.ts")).removeLeftovers(host);
}

/** Those for where that is refused. Loaded only then. */
async function fallbackEngines(host: Host): Promise<Engines> {
  return fallback.get(host) ?? await remember(fallback, host, async () => {
    const { perfEngine, pollEngine } = await import("../core/engine/mod.ts");
    const resolver = async (): Promise<ProbeResolver> => (await import("./probe_resolver.ts")).probeResolver(host);
    return [perfEngine(host, { resolver }), pollEngine()];
  });
}

async function remember(known: WeakMap<Host, Engines>, host: Host, make: () => Promise<Engines>): Promise<Engines> {
  const made = await make();
  // Two may have waited for the same modules: the first list stays.
  if (!known.has(host)) known.set(host, made);
  return known.get(host)!;
}

/** The engines of this machine, best first. */
export async function enginesOf(host: Host): Promise<Engines> {
  return [...await compiledEngines(host), ...await fallbackEngines(host)];
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
 * Asks the engines of this machine, best first, until one takes the spec as it is.
 *
 * @param only name of the only engine to ask
 * @throws {UsageError} when there is none of that name
 */
export async function askEngines(host: Host, spec: ProbeSpec, only?: string): Promise<EngineChoice> {
  const { chooseEngine } = await import("../core/engine/choose_engine.ts");
  if (only !== undefined) return await chooseEngine(spec, [await engineNamed(host, only)]);
  const best = await chooseEngine(spec, await compiledEngines(host));
  return best.engine ? best : await chooseEngine(spec, await enginesOf(host));
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
  const { chooseForSplit, requireEngine } = await import("../core/engine/choose_engine.ts");
  if (only !== undefined) return requireEngine(await chooseForSplit(spec, [await engineNamed(host, only)]), spec);
  const best = await chooseForSplit(spec, await compiledEngines(host));
  if (best.settled) return requireEngine(best, spec);
  const rest = await chooseForSplit(spec, await fallbackEngines(host));
  return requireEngine({ ...rest, asked: [...best.asked, ...rest.asked] }, spec);
}

/** Opens a probe on the best engine that takes it as it is. @throws {UnsupportedError} when there is none */
export async function openProbe(host: Host, spec: ProbeSpec): Promise<ProbeSession> {
  const { requireEngine } = await import("../core/engine/choose_engine.ts");
  return requireEngine(await askEngines(host, spec), spec).open(spec);
}
