import assert from "node:assert/strict";
import { chooseEngineFor } from "../../cli/engines.ts";
import { pause } from "../../core/sys/mod.ts";
import type { Session } from "../../cli/session.ts";
import { recordsOf, UnsupportedError } from "../../core/data/mod.ts";
import { execute, type Plan } from "../../dsl/mod.ts";
import type { Facts, RecipeBench, RecipeCase, RecipeRun, Row, RunningLoad } from "./recipe_case.ts";

/** Long enough for any load: its end ends the window. */
const UNTIL_WORK_ENDS = "10m";
/** Rows that no neighbour of the load can push it out of. */
const ROWS = "1000";

/**
 * Runs a recipe over the load of its case.
 *
 * @returns why this machine refuses the recipe; null when its answer is right
 * @throws {assert.AssertionError} when it is wrong
 */
export async function runCase(
  recipe: RecipeCase,
  plan: Plan,
  session: Session,
  bench: RecipeBench,
): Promise<string | null> {
  await recipe.prepare?.(bench);
  const loads: readonly RunningLoad[] = await recipe.beside?.(bench) ?? [];
  const counters = (): Facts => recipe.counters?.(loads) ?? {};
  const controller = new AbortController();
  let work: Promise<Facts> | undefined, inside: Facts = {};
  const measured = async (): Promise<Facts> => {
    const before = counters();
    try {
      return await recipe.work!(bench, loads);
    } finally {
      inside = difference(before, counters());
      controller.abort();
    }
  };
  const has = (name: string): boolean => plan.params.some((p) => p.name === name);
  const before = counters();
  const report = await execute(plan, {
    context: {
      signal: controller.signal,
      progress(text) {
        if (recipe.work && text.startsWith("Measuring")) work ??= measured();
      },
    },
    collector: (name) => session.registry.collector(name),
    chooseEngine: (spec) => chooseEngineFor(session.host, spec),
    save: () => {
      throw new UnsupportedError("a test saves nothing", "");
    },
    untilStopped: recipe.work !== undefined,
    sleep: pause,
  }, {
    ...(has("window") ? { window: recipe.work ? UNTIL_WORK_ENDS : "1s" } : {}),
    ...(has("rows") ? { rows: ROWS } : {}),
    ...recipe.params?.(bench, loads),
  });
  const around = difference(before, counters());
  const said = await Promise.all([work, ...loads.map((load) => load.stop())]);
  const refused = report.errors.find((e) => e.kind === "unsupported");
  if (refused) return refused.message.split("\n")[0];
  assert.deepEqual(report.errors, []);
  const table = (name: string) => {
    const result = report.results[name];
    assert.equal(result?.kind, "table", `no table ${name}`);
    return result as Extract<typeof result, { kind: "table" }>;
  };
  const run: RecipeRun = {
    report,
    rows: (name): readonly Row[] => recordsOf(table(name)),
    seconds: (name) => table(name).quality.duration_ns / 1e9,
    facts: Object.assign({}, ...said),
    inside,
    around,
  };
  for (const name of report.shown) {
    const { events, lost, lost_by } = report.results[name].quality;
    // A program that an interrupt's own event meets at work cannot see it: that is rare, and counted.
    const own = recipe.seesOthers ? lost - (lost_by.recursion ?? 0) : lost;
    assert.ok(own <= 0.01 * (events ?? 0) && lost <= (events ?? 0), `${name} lost events: ${JSON.stringify(lost_by)}`);
  }
  recipe.check(run, bench);
  return null;
}

function difference(before: Facts, after: Facts): Facts {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}
