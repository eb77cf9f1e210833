import type { Results } from "../../core/data/mod.ts";
import { UnsupportedError } from "../../core/data/errors.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProbeEngine } from "../../core/plugin_api/engine.ts";
import type { ProbeSpec } from "../../core/query/mod.ts";
import { catalogOf } from "../list_probes.ts";
import { CALL_ARGUMENTS } from "../probes/call_values.ts";
import type { Catalog } from "../probes/catalog.ts";
import { checkAttachTime } from "./attach_limit.ts";
import { callsResults } from "./calls_results.ts";
import { type CallsShape, callsSpec } from "./calls_spec.ts";

/** Time between two looks at the ring, ms. */
const LOOK_MS = 100;
/** At first nothing is known of how slow the slowest are: looks are close together. */
const FIRST_LOOKS = { ms: 2, count: 20 } as const;

/** Most texts of a call. */
const MAX_TEXTS = 3;

/** How a measurement goes. */
export interface CallsRun {
  /** The window, ns. */
  readonly durationNs: number;
  readonly signal: AbortSignal;
  onReady?(): void;
  /** Said with the results. */
  readonly notes: readonly string[];
  /** The engine that takes a spec. @throws {UnsupportedError} when there is none */
  choose(spec: ProbeSpec): Promise<ProbeEngine>;
}

/**
 * Measures calls: one attach for all tables.
 *
 * @throws {UnsupportedError} when the kernel refuses
 */
export async function measureCalls(host: Host, shape: CallsShape, run: CallsRun): Promise<Results> {
  const { durationNs, signal, notes } = run;
  const catalog = catalogOf(host);
  // One of them first: what is refused is refused for each, and how long it takes is known before all are attached.
  const single = { ...shape, targets: shape.targets.slice(0, 1) };
  let texts = textArguments(shape, catalog);
  let engine: ProbeEngine;
  try {
    engine = await run.choose(callsSpec(single, texts));
  } catch (error) {
    if (!(error instanceof UnsupportedError) || texts.length === 0) throw error;
    // Engines without programs read no memory.
    engine = await run.choose(callsSpec(single, texts = []));
  }
  checkAttachTime(shape, engine, host);
  const spec = callsSpec(shape, texts);
  if (shape.targets.length > 1) engine = await run.choose(spec);
  else await engine.prepare?.(spec);
  if (signal.aborted) throw new UnsupportedError("Ended before anything was measured", "");
  const began = performance.now();
  using session = engine.open(spec);
  const attachMs = performance.now() - began;
  run.onReady?.();
  const end = performance.now() + durationNs / 1e6;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  for (let look = 0; !signal.aborted && performance.now() < end; look++) {
    const pause = look < FIRST_LOOKS.count ? FIRST_LOOKS.ms : LOOK_MS;
    // The slowest are read on the way: what they are decides what else is worth sending.
    await Promise.race([session.wait(Math.max(1, Math.min(pause, end - performance.now()))), aborted]);
    session.drain();
  }
  const outcome = session.finish();
  return callsResults(outcome, shape, {
    catalog,
    engine: engine.name,
    mechanisms: session.mechanisms ?? [],
    attachMs,
    notes,
  });
}

/** Arguments, by their place, that are paths in any of the functions: what is no address there reads as nothing. */
function textArguments({ targets }: CallsShape, catalog: Catalog): number[] {
  const places = new Set<number>();
  for (const target of targets) {
    catalog.callArguments(target)?.forEach(({ text }, i) => text && i < CALL_ARGUMENTS && places.add(i));
  }
  return [...places].sort((a, b) => a - b).slice(0, MAX_TEXTS);
}
