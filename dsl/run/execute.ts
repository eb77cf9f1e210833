import { type Batch, mergeQuality, type Quality, quality, UsageError } from "../../core/data/mod.ts";
import { type Bindings, loadRegex } from "../../core/query/mod.ts";
import type { ExpectPlan, PhasePlan, PipelinePlan, Plan, PlanStep } from "../plan.ts";
import { bindParams, constantValue } from "./bind.ts";
import { checkConditionValues, checkStageValues } from "./check_values.ts";
import { checkExpectation, conditionTruth, sampleBehind } from "./condition.ts";
import { loadMore } from "./load_more.ts";
import { type PipelineOutcome, type ReadyPipeline, resultOf, withLocalWork } from "./outcome.ts";
import { readyPipeline, windowOf } from "./pipeline.ts";
import { type ExpectReport, type PipelineReport, type RecipeReport, runError } from "./report.ts";
import { addError, addNames, type Run } from "./run_state.ts";
import type { RunServices } from "./services.ts";
import { noEffects, sampleRowsOf } from "./stage_context.ts";
import { bindStages } from "./stage_exprs.ts";
import { applyStage } from "./stage_runner.ts";

/**
 * Runs a plan. A pipeline that fails is reported, and the others go on.
 *
 * @param params parameters as the user wrote them
 * @throws {UsageError} when a parameter is wrong, or a window would never end: nothing has run then
 */
export async function execute(
  plan: Plan,
  services: RunServices,
  params: Readonly<Record<string, string>> = {},
): Promise<RecipeReport> {
  if (namesRegex(plan)) await loadRegex();
  const bindings = bindParams(plan.params, params);
  const results: Run["results"] = new Map();
  // Aggregations of plugins are known from here on.
  const more = await loadMore(plan, results, services);
  checkWindows(plan.steps, bindings, services);
  const run: Run = {
    services,
    bindings,
    more,
    results,
    missing: new Map(),
    cut: new Set(),
    restsOn: new Map(),
    sampleRows: new Map(),
    shown: [...plan.shown],
    forms: [...plan.forms],
    inRounds: [],
    asks: [],
    alerts: [],
    alertStates: new Map(),
    expects: new Map(),
    phases: new Map(),
    errors: [],
    saved: [],
  };
  await runSteps(plan.steps, run);
  const hidden = hiddenIn(plan.steps);
  return {
    recipe: plan.recipe,
    title: plan.title,
    results: Object.fromEntries([...run.results].filter(([name]) => !hidden.has(name))),
    shown: run.shown,
    forms: run.forms,
    inRounds: run.inRounds,
    asks: run.asks,
    alerts: run.alerts,
    expects: [...run.expects.values()].map(({ report, rounds, bad }) =>
      rounds === 1 || bad === 0
        ? report
        : { ...report, message: `${report.message ? `${report.message} ` : ""}(in ${bad} of ${rounds} rounds)` }
    ),
    phases: [...run.phases.values()],
    errors: run.errors,
    saved: run.saved,
    interrupted: services.context.signal.aborted,
  };
}

/** Whether `~` stands anywhere in a plan. */
function namesRegex(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  return (part as { fn?: unknown }).fn === "~" || Object.values(part).some(namesRegex);
}

/** Names of pipelines that only feed others. */
function hiddenIn(steps: readonly PlanStep[]): Set<string> {
  return new Set(steps.flatMap((step) => {
    switch (step.kind) {
      case "phase":
        return step.pipelines.filter((p) => p.hidden).map((p) => p.name);
      case "when":
        return [...hiddenIn(step.then.steps), ...hiddenIn(step.otherwise.steps)];
      case "every":
        return [...hiddenIn(step.body.steps)];
      default:
        return [];
    }
  }));
}

/** Refuses windows without end, and values of parameters that make no sense, before anything runs. */
function checkWindows(steps: readonly PlanStep[], bindings: Bindings, services: RunServices): void {
  for (const step of steps) {
    if (step.kind === "phase") {
      for (const p of step.pipelines) {
        windowOf(p, bindings, services);
        checkStageValues(p.stages, bindings);
      }
    } else if (step.kind === "derived") checkStageValues(step.pipeline.stages, bindings);
    else if (step.kind === "expect") checkConditionValues(step.condition, bindings);
    else if (step.kind === "alert" && step.condition) checkConditionValues(step.condition, bindings);
    else if (step.kind === "when") {
      checkConditionValues(step.condition, bindings);
      checkWindows(step.then.steps, bindings, services);
      checkWindows(step.otherwise.steps, bindings, services);
    } else if (step.kind === "every") {
      for (const e of [step.period, step.duration]) {
        if (e && !(Number(constantValue(e, bindings)) > 0)) {
          throw new UsageError("A period is longer than 0", "Such as: every 5s { … }");
        }
      }
      if (!step.duration && !services.untilStopped) {
        throw new UsageError("every without end would run until it is stopped", "Say how long: every 5s for 1m { … }");
      }
      // Between two rounds nobody can stop what has no end of its own.
      checkWindows(step.body.steps, bindings, { ...services, untilStopped: false });
    }
  }
}

async function runSteps(steps: readonly PlanStep[], run: Run): Promise<void> {
  for (const step of steps) {
    switch (step.kind) {
      case "phase":
        await runPhase(step, run);
        break;
      case "derived":
        runDerived(step.pipeline, run);
        break;
      case "when": {
        const block = conditionTruth(step.condition, run) ? step.then : step.otherwise;
        // What was stopped measures no more.
        if (run.services.context.signal.aborted) break;
        addNames(run.shown, block.shown);
        run.forms.push(...block.forms);
        await runSteps(block.steps, run);
        break;
      }
      case "every": {
        const { runEvery } = await import("./every.ts");
        await runEvery(step, run, runSteps);
        break;
      }
      case "expect":
        noteExpect(step, checkExpectation(step, run), run);
        break;
      case "alert":
        await (await import("./alerts.ts")).runAlert(step, run);
        break;
      case "save":
        await save(step.file, step.result, run);
        break;
      case "ask":
        await (await import("./ask.ts")).runAsk(step, run);
        break;
    }
  }
}

const WORSE = ["pass", "inconclusive", "fail"] as const;

function noteExpect(step: ExpectPlan, report: ExpectReport, run: Run): void {
  const bad = report.outcome === "pass" ? 0 : 1;
  const tally = run.expects.get(step);
  if (!tally) {
    run.expects.set(step, { report, rounds: 1, bad });
    return;
  }
  // Ctrl-C is the usual end of rounds: the one that it cuts says nothing against those before it.
  if (run.services.context.signal.aborted && report.outcome === "inconclusive") return;
  tally.rounds++;
  tally.bad += bad;
  if (WORSE.indexOf(report.outcome) >= WORSE.indexOf(tally.report.outcome)) tally.report = report;
}

/** Pipelines start together; each ends after its own window. */
async function runPhase(step: PhasePlan, run: Run): Promise<void> {
  const { services } = run;
  const { pipelines } = step;
  const fail = (plan: PipelinePlan, error: unknown): void => {
    // What only feeds another has no name that anybody knows.
    const e = runError(plan.name.replace(/#\d+$/, ""), "pipeline", error);
    addError(run, e);
    run.results.delete(plan.name);
    run.missing.set(plan.name, e.message);
  };
  // What was stopped measures no more: a window of nothing would only take the place of what was measured before.
  if (services.context.signal.aborted && run.phases.size > 0) {
    for (const { name } of pipelines) {
      run.results.delete(name);
      run.missing.set(name, "it was stopped before it began");
    }
    return;
  }
  const ready: { plan: PipelinePlan; pipeline: ReadyPipeline }[] = [];
  for (const plan of pipelines) {
    try {
      ready.push({ plan, pipeline: await readyPipeline(plan, run.bindings, services, run.more) });
    } catch (error) {
      fail(plan, error);
    }
  }
  const attached = ready.filter(({ plan, pipeline }) => {
    try {
      pipeline.attach();
      return true;
    } catch (error) {
      fail(plan, error);
      return false;
    }
  });
  const now = services.now ?? (() => performance.now());
  const start = now();
  if (attached.length > 0) {
    services.context.progress(
      `Measuring: ${attached.filter((a) => !a.plan.hidden).map((a) => a.plan.name).join(", ")}`,
    );
  }
  const outcomes = await Promise.allSettled(attached.map(({ pipeline }) => pipeline.run()));
  const reports: PipelineReport[] = [];
  outcomes.forEach((o, i) => {
    const { plan, pipeline } = attached[i];
    pipeline.dispose();
    if (o.status === "rejected") fail(plan, o.reason);
    else reports.push(keep(plan, o.value, run));
  });
  const rounds = (run.phases.get(step)?.rounds ?? (run.phases.has(step) ? 1 : 0)) + 1;
  const report = { duration_ns: Math.round((now() - start) * 1e6), pipelines: reports };
  run.phases.set(step, rounds > 1 ? { ...report, rounds } : report);
}

function keep(plan: PipelinePlan, outcome: PipelineOutcome, run: Run): PipelineReport {
  run.results.set(plan.name, outcome.result);
  run.missing.delete(plan.name);
  if (outcome.cut) run.cut.add(plan.name);
  else run.cut.delete(plan.name);
  noteSample(plan.name, outcome.sampleRows, run);
  return outcome.report;
}

function noteSample(name: string, rows: number, run: Run): void {
  if (rows < Infinity) run.sampleRows.set(name, rows);
  else run.sampleRows.delete(name);
}

/** A pipeline over a result that is there already. */
function runDerived(plan: PipelinePlan, run: Run): void {
  if (plan.source.kind !== "result") throw new TypeError(`"${plan.name}" is no pipeline over a result`);
  const joined = plan.stages.flatMap((s) => s.kind === "join" ? [s.right] : []);
  const needs = [plan.source.result, ...joined];
  const absent = needs.find((n) => !run.results.has(n));
  if (absent !== undefined) {
    // The reason was reported with the source.
    run.results.delete(plan.name);
    run.missing.set(plan.name, run.missing.get(absent) ?? `"${absent}" did not run`);
    return;
  }
  const source = run.results.get(plan.source.result)!;
  let sampled = Math.min(...needs.map((n) => sampleBehind(n, run)));
  try {
    if (source.kind !== "table") {
      run.results.set(plan.name, source);
    } else {
      const stages = bindStages(plan.stages, run.bindings);
      const effects = noEffects();
      const cx = { durationNs: source.quality.duration_ns, more: run.more, effects };
      const batch = stages.reduce<Batch>((b, stage) => applyStage(b, stage, cx), source);
      const q = withLocalWork(source.quality, { effects, cpuNs: 0, notes: [] });
      run.results.set(plan.name, resultOf(plan, batch, withJoined(q, joined, run), run.more));
      sampled = Math.min(sampled, sampleRowsOf(effects));
    }
    run.missing.delete(plan.name);
    run.restsOn.set(plan.name, needs);
    noteSample(plan.name, sampled, run);
    if (needs.some((n) => run.cut.has(n))) run.cut.add(plan.name);
    else run.cut.delete(plan.name);
  } catch (error) {
    const e = runError(plan.name, "pipeline", error);
    addError(run, e);
    run.results.delete(plan.name);
    run.missing.set(plan.name, e.message);
  }
}

/**
 * What was lost of the other side of a join is missing in the joined rows too. What it cost is told with that result,
 * unless nobody sees that.
 */
function withJoined(q: Quality, joined: readonly string[], run: Run): Quality {
  const others = joined.map((name) => {
    const other = run.results.get(name)!.quality;
    const cost = { ...other.cost, cpu_ns: 0, probe_ns: 0 };
    return name.includes("#") ? other : { ...other, events: 0, unmatched: quality().unmatched, cost };
  });
  return others.length > 0 ? mergeQuality([q, ...others]) : q;
}

async function save(file: string, name: string, run: Run): Promise<void> {
  const result = run.results.get(name);
  if (!result) return; // reported with its pipeline
  try {
    await run.services.save(file, name, result);
    addNames(run.saved, [file]);
  } catch (error) {
    addError(run, runError(file, "save", error));
  }
}

/** The Quality of all results of a report together. */
export function reportQuality(report: RecipeReport): ReturnType<typeof quality> {
  const parts = Object.values(report.results).map((r) => r.quality);
  return parts.length > 0 ? mergeQuality(parts) : quality();
}
