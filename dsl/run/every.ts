import type { Result } from "../../core/data/mod.ts";
import { ROUND_TIME } from "../endings.ts";
import type { EveryPlan, PlanStep } from "../plan.ts";
import { constantValue } from "./bind.ts";
import { openRounds } from "./rounds.ts";
import { addNames, type Run } from "./run_state.ts";

/**
 * Runs a block again and again: a round begins each period, or when the one before is over, if that is later. At the
 * end what the block shows is there as one result over all rounds.
 *
 * @param runSteps runs the steps of one round
 */
export async function runEvery(
  step: EveryPlan,
  run: Run,
  runSteps: (steps: readonly PlanStep[], run: Run) => Promise<void>,
): Promise<void> {
  const { services } = run;
  const { signal } = services.context;
  const now = services.now ?? (() => performance.now());
  const periodMs = Number(constantValue(step.period, run.bindings)) / 1e6;
  const inAllMs = step.duration ? Number(constantValue(step.duration, run.bindings)) / 1e6 : Infinity;
  const begin = now();
  const rounds = openRounds();
  const shown: string[] = [];
  const told: string[] = [];
  for (let round = 1; !signal.aborted; round++) {
    const start = now();
    const startNs = services.wallNs?.() ?? BigInt(Date.now()) * 1_000_000n;
    const one: Run = { ...run, shown: [...step.body.shown], forms: [...step.body.forms] };
    await runSteps(step.body.steps, one);
    const results = resultsOf(one.shown, run);
    for (const [name, result] of Object.entries(results)) rounds.add(name, result, startNs);
    addNames(shown, one.shown);
    // What is drawn over the time of all rounds is there when the last is over.
    const overRounds = new Set(one.forms.filter((f) => f.time === ROUND_TIME).map((f) => f.result));
    addNames(told, one.shown.filter((n) => !overRounds.has(n)));
    run.forms.push(...one.forms.filter((f) => !run.forms.some((g) => g.result === f.result)));
    const atOnce = Object.fromEntries(Object.entries(results).filter(([name]) => !overRounds.has(name)));
    await services.round?.({ round, startNs, results: atOnce, forms: one.forms });
    const next = Math.max(now(), start + periodMs);
    if (signal.aborted || next - begin >= inAllMs) break;
    if (next > now()) await services.sleep(next - now(), signal);
  }
  for (const [name, result] of rounds.results()) run.results.set(name, result);
  addNames(run.shown, shown);
  addNames(run.inRounds, told);
}

function resultsOf(names: readonly string[], run: Run): Record<string, Result> {
  return Object.fromEntries(names.flatMap((n) => {
    const result = run.results.get(n);
    return result ? [[n, result]] : [];
  }));
}
