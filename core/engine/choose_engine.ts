import { UnsupportedError } from "../data/errors.ts";
import type { Accuracy, ProbeEngine } from "../plugin_api/engine.ts";
import type { ProbeSpec } from "../query/mod.ts";
import { sourceText } from "../query/probe_spec.ts";
import { sourceOnly } from "./source_fields.ts";

/** What one engine said about a spec. */
export interface EngineAnswer {
  readonly engine: string;
  readonly ok: boolean;
  /** Why not; empty when it can. */
  readonly reason: string;
  readonly remedy: string;
}

/** Which engine runs a spec, and what those before it answered. */
export interface EngineChoice {
  /** Null when none can. */
  readonly engine: ProbeEngine | null;
  readonly accuracy: Accuracy | null;
  /** One for each engine that was asked, in order; the last is the chosen one, when there is one. */
  readonly asked: readonly EngineAnswer[];
}

/** A choice for a caller that can ask for less. */
export interface SplitChoice extends EngineChoice {
  /** No lesser engine is to be asked: there is an engine, or one that could give the bare events. */
  readonly settled: boolean;
}

/** Asks engines, best first, until one can run the spec. */
export async function chooseEngine(spec: ProbeSpec, engines: readonly ProbeEngine[]): Promise<EngineChoice> {
  const asked: EngineAnswer[] = [];
  for (const engine of engines) {
    await engine.prepare?.(spec);
    const support = engine.supports(spec);
    asked.push({
      engine: engine.name,
      ok: support.ok,
      reason: support.ok ? "" : support.reason,
      remedy: support.ok ? "" : support.remedy,
    });
    if (support.ok) return { engine, accuracy: support.accuracy, asked };
  }
  return { engine: null, accuracy: null, asked };
}

/**
 * Asks like {@linkcode chooseEngine}, for a caller that can do steps and aggregates itself and will ask for less: as
 * soon as an engine could give the bare events it says no to the spec, and no lesser engine is asked. Filtering and
 * aggregating here what a better engine streams beats a lesser engine that does it all.
 */
export async function chooseForSplit(spec: ProbeSpec, engines: readonly ProbeEngine[]): Promise<SplitChoice> {
  const asked: EngineAnswer[] = [];
  let bare: ProbeSpec | null = null;
  for (const engine of engines) {
    const choice = await chooseEngine(spec, [engine]);
    asked.push(...choice.asked);
    bare ??= sourceOnly(spec);
    if (choice.engine || (await chooseEngine(bare, [engine])).engine) return { ...choice, asked, settled: true };
  }
  return { engine: null, accuracy: null, asked, settled: false };
}

/**
 * The engine of a choice. An event probe that no engine can serve is an error, never silently approximated.
 *
 * @throws {UnsupportedError} with every engine's reason, and the remedy of the best one
 */
export function requireEngine(choice: EngineChoice, spec: ProbeSpec): ProbeEngine {
  if (choice.engine) return choice.engine;
  const reasons = choice.asked.map((a) => `${a.engine}: ${a.reason}`).join("; ");
  const remedy = choice.asked.find((a) => a.remedy !== "")?.remedy ?? "";
  throw new UnsupportedError(
    `No engine can run probes on ${sourceText(spec.source)} here: ${reasons || "there is none"}`,
    remedy,
  );
}
