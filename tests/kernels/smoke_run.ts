import { engineNamed, enginesOf } from "../../cli/engines.ts";
import { recipeRegistry } from "../../cli/recipe_registry.ts";
import type { Session } from "../../cli/session.ts";
import { recordsOf, type Result, UnsupportedError } from "../../core/data/mod.ts";
import { compile, type RecipeReport } from "../../dsl/mod.ts";
import { runPlan } from "../run_plan.ts";
import type { Bench, SmokeCase } from "./smoke_case.ts";

/**
 * How a case came out.
 *
 * - `ok`: the counts are right
 * - `refused`: this kernel lacks it, and sonde says so
 * - `failed`: the counts are wrong, or sonde broke
 */
export interface SmokeOutcome {
  readonly name: string;
  readonly kind: string;
  /** The engine that ran it, or was to. */
  readonly engine: string;
  readonly result: "ok" | "refused" | "failed";
  /** Why not; for `ok` empty, or what was counted as lost: events of others, since the counts are right. */
  readonly reason: string;
  readonly ms: number;
}

/** Runs one case in this process. Never throws: what goes wrong is the outcome. */
export async function runCase(smoke: SmokeCase, bench: Bench, session: Session): Promise<SmokeOutcome> {
  const started = performance.now();
  const recipe = smoke.recipe(bench);
  const outcome = (result: SmokeOutcome["result"], reason: string, engine: string | null): SmokeOutcome => ({
    name: smoke.name,
    kind: smoke.kind,
    engine: engine ?? smoke.engine ?? "",
    result,
    // The program lies in a folder of another name each time.
    reason: reason.split("\n")[0].replaceAll(bench.program, "PROGRAM"),
    ms: Math.round(performance.now() - started),
  });
  const missing = smoke.missing?.(bench) ?? null;
  if (missing !== null) return outcome("refused", missing, null);
  try {
    if (smoke.measure) {
      const [result] = Object.values(await smoke.measure(bench, session));
      return judgeTable(smoke, bench, result, smoke.engine ?? null, outcome);
    }
    const { plan, diagnostics } = await compile(recipe, await recipeRegistry(session, recipe));
    if (!plan) return outcome("failed", diagnostics[0].message, null);
    const engines = smoke.engine === undefined
      ? await enginesOf(session.host)
      : [await engineNamed(session.host, smoke.engine)];
    const report = await runPlan(plan, session, { engines, work: () => smoke.work(bench) });
    return judge(smoke, bench, report, outcome);
  } catch (error) {
    if (error instanceof UnsupportedError) return outcome("refused", error.message, null);
    return outcome("failed", error instanceof Error ? error.message : String(error), null);
  }
}

function judge(
  smoke: SmokeCase,
  bench: Bench,
  report: RecipeReport,
  outcome: (result: SmokeOutcome["result"], reason: string, engine: string | null) => SmokeOutcome,
): SmokeOutcome {
  const engine = report.phases[0]?.pipelines[0]?.engine ?? null;
  const [error] = report.errors;
  if (error) {
    return outcome(error.kind === "unsupported" ? "refused" : "failed", error.message, engine);
  }
  return judgeTable(smoke, bench, report.results.result, engine, outcome);
}

function judgeTable(
  smoke: SmokeCase,
  bench: Bench,
  result: Result | undefined,
  engine: string | null,
  outcome: (result: SmokeOutcome["result"], reason: string, engine: string | null) => SmokeOutcome,
): SmokeOutcome {
  if (result?.kind !== "table") return outcome("failed", `the result is ${result?.kind ?? "missing"}`, engine);
  const { lost, lost_by } = result.quality;
  const losses = lost > 0 ? `${lost} events counted as lost (${Object.keys(lost_by).join(", ")})` : "";
  const problem = smoke.problem(recordsOf(result), bench);
  if (problem === null) return outcome("ok", losses, engine);
  return outcome("failed", losses ? `${problem}; ${losses}` : problem, engine);
}
