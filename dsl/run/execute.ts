import { type Batch, mergeQuality, quality, type Result, type Results } from "../../core/data/mod.ts";
import type { Investigator } from "../../core/plugin_api/mod.ts";
import { type Bindings, loadRegex } from "../../core/query/mod.ts";
import type { AskPlan, PipelinePlan, Plan, PlanStep } from "../plan.ts";
import { bindParams, constantValue } from "./bind.ts";
import { checkExpectation, type ConditionInput, conditionTruth } from "./condition.ts";
import { type PipelineOutcome, type ReadyPipeline, tableOf } from "./outcome.ts";
import { readyPipeline, windowOf } from "./pipeline.ts";
import {
  type AskReport,
  type ExpectReport,
  type PhaseReport,
  type PipelineReport,
  type RecipeReport,
  type RunError,
  runError,
} from "./report.ts";
import type { RunServices } from "./services.ts";
import { bindStages } from "./stage_exprs.ts";
import { applyStage } from "./stage_runner.ts";

/** Measuring time of an `investigate` without `for`. */
const INVESTIGATE_NS = 8e9;

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
  checkWindows(plan.steps, bindings, services);
  const run: Run = {
    services,
    bindings,
    results: new Map(),
    missing: new Map(),
    cut: new Set(),
    shown: [...plan.shown],
    asks: [],
    expects: [],
    phases: [],
    errors: [],
    saved: [],
  };
  await runSteps(plan.steps, run);
  return {
    recipe: plan.recipe,
    title: plan.title,
    results: Object.fromEntries(run.results),
    shown: run.shown,
    asks: run.asks,
    expects: run.expects,
    phases: run.phases,
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

interface Run extends ConditionInput {
  readonly services: RunServices;
  readonly bindings: Bindings;
  readonly results: Map<string, Result>;
  readonly missing: Map<string, string>;
  readonly cut: Set<string>;
  readonly shown: string[];
  readonly asks: AskReport[];
  readonly expects: ExpectReport[];
  readonly phases: PhaseReport[];
  readonly errors: RunError[];
  readonly saved: string[];
}

/** Refuses windows without end before anything runs. */
function checkWindows(steps: readonly PlanStep[], bindings: Bindings, services: RunServices): void {
  for (const step of steps) {
    if (step.kind === "phase") { for (const p of step.pipelines) windowOf(p, bindings, services); }
    else if (step.kind === "when") {
      checkWindows(step.then.steps, bindings, services);
      checkWindows(step.otherwise.steps, bindings, services);
    }
  }
}

async function runSteps(steps: readonly PlanStep[], run: Run): Promise<void> {
  for (const step of steps) {
    switch (step.kind) {
      case "phase":
        await runPhase(step.pipelines, run);
        break;
      case "derived":
        runDerived(step.pipeline, run);
        break;
      case "when": {
        const block = conditionTruth(step.condition, run) ? step.then : step.otherwise;
        // What was stopped measures no more.
        if (run.services.context.signal.aborted) break;
        run.shown.push(...block.shown.filter((n) => !run.shown.includes(n)));
        await runSteps(block.steps, run);
        break;
      }
      case "expect":
        run.expects.push(checkExpectation(step, run));
        break;
      case "save":
        await save(step.file, step.result, run);
        break;
      case "ask":
        await ask(step, run);
        break;
    }
  }
}

/** Pipelines start together; each ends after its own window. */
async function runPhase(pipelines: readonly PipelinePlan[], run: Run): Promise<void> {
  const { services } = run;
  const fail = (plan: PipelinePlan, error: unknown): void => {
    const e = runError(plan.name, "pipeline", error);
    run.errors.push(e);
    run.missing.set(plan.name, e.message);
  };
  const ready: { plan: PipelinePlan; pipeline: ReadyPipeline }[] = [];
  for (const plan of pipelines) {
    try {
      ready.push({ plan, pipeline: await readyPipeline(plan, run.bindings, services) });
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
  if (attached.length > 0) services.context.progress(`Measuring: ${attached.map((a) => a.plan.name).join(", ")}`);
  const outcomes = await Promise.allSettled(attached.map(({ pipeline }) => pipeline.run()));
  const reports: PipelineReport[] = [];
  outcomes.forEach((o, i) => {
    const { plan, pipeline } = attached[i];
    pipeline.dispose();
    if (o.status === "rejected") fail(plan, o.reason);
    else reports.push(keep(plan, o.value, run));
  });
  run.phases.push({ duration_ns: Math.round((now() - start) * 1e6), pipelines: reports });
}

function keep(plan: PipelinePlan, outcome: PipelineOutcome, run: Run): PipelineReport {
  run.results.set(plan.name, outcome.result);
  if (outcome.cut) run.cut.add(plan.name);
  return outcome.report;
}

/** A pipeline over a result that is there already. */
function runDerived(plan: PipelinePlan, run: Run): void {
  if (plan.source.kind !== "result") throw new TypeError(`"${plan.name}" is no pipeline over a result`);
  const from = plan.source.result;
  const source = run.results.get(from);
  if (!source) {
    // The reason was reported with the source.
    run.missing.set(plan.name, run.missing.get(from) ?? `"${from}" did not run`);
    return;
  }
  try {
    if (source.kind !== "table") {
      run.results.set(plan.name, source);
    } else {
      const stages = bindStages(plan.stages, run.bindings);
      const batch = stages.reduce<Batch>((b, stage) => applyStage(b, stage, source.quality.duration_ns), source);
      run.results.set(plan.name, tableOf(plan, batch, source.quality));
    }
    if (run.cut.has(from)) run.cut.add(plan.name);
  } catch (error) {
    const e = runError(plan.name, "pipeline", error);
    run.errors.push(e);
    run.missing.set(plan.name, e.message);
  }
}

async function save(file: string, name: string, run: Run): Promise<void> {
  const result = run.results.get(name);
  if (!result) return; // reported with its pipeline
  try {
    await run.services.save(file, name, result);
    run.saved.push(file);
  } catch (error) {
    run.errors.push(runError(file, "save", error));
  }
}

async function ask(step: AskPlan, run: Run): Promise<void> {
  const { services } = run;
  const answer = (diagnosis: AskReport["diagnosis"], error: string): void => {
    run.asks.push({ question: step.question, diagnosis, error });
  };
  const given: Results = Object.fromEntries(step.results.flatMap((n) => {
    const result = run.results.get(n);
    return result ? [[n, result]] : [];
  }));
  if (step.results.length > 0 && Object.keys(given).length === 0) {
    answer(null, "None of the results it is about could be measured");
    return;
  }
  try {
    const investigator = await investigatorOf(services);
    const measureNs = step.tools
      ? Number(step.duration ? constantValue(step.duration, run.bindings) : INVESTIGATE_NS)
      : 0;
    const inquiry = { question: step.question, pid: 0, measureNs, given, mayCallTools: step.tools };
    answer(await investigator.investigate(inquiry, services.context), "");
  } catch (error) {
    const e = runError(step.question, "ask", error);
    run.errors.push(e);
    answer(null, e.message);
  }
}

async function investigatorOf(services: RunServices): Promise<Investigator> {
  const { investigator } = services;
  if (!investigator) throw new TypeError("nobody is there to answer questions");
  return typeof investigator === "function" ? await investigator() : investigator;
}

/** The Quality of all results of a report together. */
export function reportQuality(report: RecipeReport): ReturnType<typeof quality> {
  const parts = Object.values(report.results).map((r) => r.quality);
  return parts.length > 0 ? mergeQuality(parts) : quality();
}
