import type { Results } from "../../core/data/mod.ts";
import { UnsupportedError } from "../../core/data/errors.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProbeEngine } from "../../core/plugin_api/engine.ts";
import type { ProbeSpec } from "../../core/query/mod.ts";
import { catalogOf } from "../list_probes.ts";
import { checkAttachTime } from "./attach_limit.ts";
import { callsResults } from "./calls_results.ts";
import { type CallsShape, callsSpec } from "./calls_spec.ts";

/** Time between two looks at the ring, ms. */
const LOOK_MS = 100;

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
  // One of them first: what is refused is refused for each, and how long it takes is known before all are attached.
  const one = await run.choose(callsSpec({ ...shape, targets: shape.targets.slice(0, 1) }));
  checkAttachTime(shape, one, host);
  const spec = callsSpec(shape);
  const engine = shape.targets.length > 1 ? await run.choose(spec) : one;
  if (shape.targets.length === 1) await engine.prepare?.(spec);
  if (signal.aborted) throw new UnsupportedError("Ended before anything was measured", "");
  const began = performance.now();
  using session = engine.open(spec);
  const attachMs = performance.now() - began;
  run.onReady?.();
  const end = performance.now() + durationNs / 1e6;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!signal.aborted && performance.now() < end) {
    // The slowest are read on the way: what they are decides what else is worth sending.
    await Promise.race([session.wait(Math.max(1, Math.min(LOOK_MS, end - performance.now()))), aborted]);
    session.drain();
  }
  const outcome = session.finish();
  return callsResults(outcome, shape, {
    catalog: catalogOf(host),
    engine: engine.name,
    mechanisms: session.mechanisms ?? [],
    attachMs,
    notes,
  });
}
