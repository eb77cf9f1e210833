import { type Results, UnsupportedError } from "../core/data/mod.ts";
import { assetText } from "../core/assets/mod.ts";
import type { Host } from "../core/host/mod.ts";
import { chooseEngineFor } from "./engines.ts";
import { sessionOn } from "./session.ts";

/** How a recipe that ships is run. */
export interface ShippedRun {
  readonly signal: AbortSignal;
  /** Called once everything is attached. */
  readonly onReady?: () => void;
}

/**
 * Runs a recipe that ships for what is built on it, without any output.
 *
 * @param name of its file in `recipes/`, without the ending
 * @param params as a user writes them
 * @returns its results by name; those that this machine does not allow are absent
 * @throws {UnsupportedError} when it allows none
 */
export async function runShippedRecipe(
  host: Host,
  name: string,
  params: Readonly<Record<string, string>>,
  { signal, onReady }: ShippedRun,
): Promise<Results> {
  const session = sessionOn(host);
  const file = `recipes/${name}.perf`;
  const text = assetText(file);
  const [{ compile }, { recipeRegistry }, { execute }] = await Promise.all([
    import("../dsl/compile.ts"),
    import("./recipe_registry.ts"),
    import("../dsl/run/execute.ts"),
  ]);
  const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text));
  if (!plan) {
    // A recipe that ships is right: what it names is missing on this machine.
    const first = diagnostics.find((d) => d.severity === "error");
    const why = first ? `: ${first.message.split("\n")[0]}` : "";
    throw new UnsupportedError(
      `The recipe ${file} names what cannot be seen here${why}`,
      "Run as root (CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH), or see sonde doctor.",
    );
  }
  const report = await execute(plan, {
    sleep: session.api.sleep,
    stage: (stage) => session.registry.stage(stage),
    context: { signal, progress: () => onReady?.() },
    collector: (collector) => session.registry.collector(collector),
    chooseEngine: (spec) => chooseEngineFor(host, spec, undefined),
    save: () => {
      throw new TypeError(`${file} writes a file`);
    },
    untilStopped: false,
  }, params);
  const defect = report.errors.find((e) => e.kind !== "unsupported");
  if (defect) throw new TypeError(`${file}: "${defect.name}": ${defect.message}`);
  if (report.errors.length > 0 && Object.keys(report.results).length === 0) {
    throw new UnsupportedError(report.errors[0].message, "");
  }
  return report.results;
}
