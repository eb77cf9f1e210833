import { errorText, type Field, UnsupportedError } from "../../core/data/mod.ts";
import type { Accuracy, Collector, ProbeEngine } from "../../core/plugin_api/mod.ts";
import type { Bindings, Expr, ProbeSpec, SourceSpec } from "../../core/query/mod.ts";
import type { PipelinePlan, Plan, PlanStep } from "../plan.ts";
import { sourceWords, specText, stageText } from "../stage_text.ts";
import { bindParams, constantValue } from "./bind.ts";
import { lowerSource, windowOf } from "./pipeline.ts";
import { split } from "./split.ts";

/** What explaining a plan needs from the outside. Nothing is attached. */
export interface ExplainServices {
  /** @throws {UsageError} when there is none of this name */
  collector(name: string): Promise<Collector>;
  /** Asks the engines, best first, until one takes the spec. */
  askEngines(spec: ProbeSpec): EnginesAnswer | Promise<EnginesAnswer>;
  /** As of {@linkcode RunServices}. */
  readonly budget?: number;
}

/** What the engines said of a spec. */
export interface EnginesAnswer {
  /** Null when none can. */
  readonly engine: ProbeEngine | null;
  readonly accuracy: Accuracy | null;
  readonly asked: readonly { readonly engine: string; readonly ok: boolean; readonly reason: string }[];
}

/** How a recipe would run. */
export interface Explanation {
  readonly recipe: string;
  readonly title: string;
  readonly steps: readonly ExplainedStep[];
}

/** A step, in the order in which they run. */
export type ExplainedStep =
  | { readonly kind: "phase"; readonly pipelines: readonly ExplainedPipeline[] }
  | { readonly kind: "derived"; readonly pipeline: ExplainedPipeline }
  | {
    readonly kind: "when";
    readonly condition: string;
    readonly then: readonly ExplainedStep[];
    readonly otherwise: readonly ExplainedStep[];
  }
  | { readonly kind: "every"; readonly text: string; readonly body: readonly ExplainedStep[] }
  /** `expect`, `alert`, `save`, `ask`, `investigate`. */
  | { readonly kind: "statement"; readonly text: string };

/** How a pipeline would run. */
export interface ExplainedPipeline {
  readonly name: string;
  /** As the language writes it, wildcards expanded. */
  readonly source: string;
  /** Nanoseconds; null: until stopped, or none. */
  readonly window_ns: number | null;
  /** Name of the probe engine; null where there is none to choose, or none can. */
  readonly engine: string | null;
  readonly accuracy: Accuracy | null;
  /** What was refused on the way to the choice. */
  readonly refused: readonly Refusal[];
  /** Stages that the engine does, as it was handed them; empty for collectors. */
  readonly pushed: string;
  /** Stages that are done here. */
  readonly local: readonly string[];
  /** Of the result; empty for what is no table. */
  readonly fields: readonly Field[];
  /** What the result is. */
  readonly result: "table" | "profile" | "series";
  /** It only feeds another pipeline. */
  readonly hidden: boolean;
  /** What the engine tells of its maps and programs. */
  readonly details: readonly string[];
  /** Null where there is none, or it was not asked for. */
  readonly bytecode: string | null;
  /** Why it cannot run here; empty when it can. */
  readonly problem: string;
}

/** What an engine did not take, and why. */
export interface Refusal {
  readonly engine: string;
  readonly what: string;
  readonly reason: string;
}

/**
 * Says how a plan would run on this machine: which engine does what, and why not more. Attaches nothing; programs may
 * be loaded, and are closed again.
 *
 * @param params parameters as the user wrote them
 * @throws {UsageError} when a parameter is wrong, or a service says so
 */
export async function explainPlan(
  plan: Plan,
  services: ExplainServices,
  params: Readonly<Record<string, string>> = {},
  bytecode = false,
): Promise<Explanation> {
  const bindings = bindParams(plan.params, params);
  const steps = await explainSteps(plan.steps, { services, bindings, bytecode });
  return { recipe: plan.recipe, title: plan.title, steps };
}

interface Context {
  readonly services: ExplainServices;
  readonly bindings: Bindings;
  readonly bytecode: boolean;
}

async function explainSteps(steps: readonly PlanStep[], cx: Context): Promise<ExplainedStep[]> {
  const out: ExplainedStep[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case "phase": {
        const pipelines: ExplainedPipeline[] = [];
        for (const p of step.pipelines) pipelines.push(await explainPipeline(p, cx));
        out.push({ kind: "phase", pipelines });
        break;
      }
      case "derived":
        out.push({ kind: "derived", pipeline: await explainPipeline(step.pipeline, cx) });
        break;
      case "when":
        out.push({
          kind: "when",
          condition: step.condition.text,
          then: await explainSteps(step.then.steps, cx),
          otherwise: await explainSteps(step.otherwise.steps, cx),
        });
        break;
      case "every": {
        const inAll = step.duration ? ` for ${durationText(step.duration, cx)}` : "";
        const body = await explainSteps(step.body.steps, cx);
        out.push({ kind: "every", text: `every ${durationText(step.period, cx)}${inAll}`, body });
        break;
      }
      case "expect":
        out.push({ kind: "statement", text: `expect ${step.condition.text}` });
        break;
      case "alert": {
        const when = step.condition ? ` when ${step.condition.text}` : "";
        const held = step.holdFor ? ` for ${durationText(step.holdFor, cx)}` : "";
        const given = step.results.length > 0 ? ` with ${step.results.join(", ")}` : "";
        out.push({ kind: "statement", text: `alert ${JSON.stringify(step.message)}${when}${held}${given}` });
        break;
      }
      case "save":
        out.push({ kind: "statement", text: `save ${step.result} to "${step.file}"` });
        break;
      case "ask": {
        const word = step.tools ? "investigate" : "ask";
        out.push({ kind: "statement", text: `${word} "${step.question}" with ${step.results.join(", ")}` });
        break;
      }
    }
  }
  return out;
}

async function explainPipeline(plan: PipelinePlan, cx: Context): Promise<ExplainedPipeline> {
  const { source } = plan;
  const base: ExplainedPipeline = {
    name: plan.name,
    source: source.kind === "collector" ? source.collector : source.kind === "result" ? source.result : "",
    window_ns: null,
    engine: null,
    accuracy: null,
    refused: [],
    pushed: "",
    local: plan.stages.map(stageText),
    fields: plan.fields,
    result: plan.ending
      ? plan.ending.kind === "flame" ? "profile" : "series"
      : plan.fields.length === 0
      ? "profile"
      : "table",
    hidden: plan.hidden === true,
    details: [],
    bytecode: null,
    problem: "",
  };
  if (source.kind === "result") return base;
  try {
    const window_ns = windowOf(plan, cx.bindings, { untilStopped: true });
    const lowered = await lowerSource(plan, cx.bindings, cx.services);
    if (lowered.kind !== "probes") {
      return { ...base, window_ns, local: lowered.stages.map(stageText) };
    }
    const named = (words: string): string => source.kind === "collector" ? `${source.collector}: ${words}` : words;
    return await explainSplit({ ...base, window_ns }, named, lowered, source.includeSelf, cx);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { ...base, problem: errorText(error) };
  }
}

async function explainSplit(
  unsplit: ExplainedPipeline,
  named: (words: string) => string,
  lowered: { readonly source: SourceSpec; readonly stages: Parameters<typeof split>[2] },
  includeSelf: boolean,
  cx: Context,
): Promise<ExplainedPipeline> {
  const base = { ...unsplit, source: named(sourceWords(lowered.source)) };
  const refused: Refusal[] = [];
  let last: EnginesAnswer | null = null;
  const choose = async (spec: ProbeSpec): Promise<ProbeEngine> => {
    last = await cx.services.askEngines(spec);
    for (const a of last.asked) {
      const refusal = { engine: a.engine, what: specText(spec), reason: a.reason };
      const known = refused.some((r) => r.engine === a.engine && r.what === refusal.what);
      if (!a.ok && !known) refused.push(refusal);
    }
    if (last.engine) return last.engine;
    const reasons = last.asked.map((a) => `${a.engine}: ${a.reason}`).join("; ");
    throw new UnsupportedError(`No engine can run it here: ${reasons || "there is none"}`, "");
  };
  try {
    const cut = await split(lowered.source, includeSelf, lowered.stages, choose, cx.services.budget);
    return {
      ...base,
      source: named(sourceWords(cut.spec.source)),
      engine: cut.engine.name,
      accuracy: (last as EnginesAnswer | null)?.accuracy ?? null,
      refused,
      pushed: specText(cut.spec),
      local: cut.rest.map(stageText),
      details: cut.engine.describe?.(cut.spec) ?? [],
      bytecode: cx.bytecode ? cut.engine.disassemble?.(cut.spec) ?? null : null,
    };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { ...base, refused, problem: errorText(error) };
  }
}

/** A constant duration as the language writes it. */
function durationText(e: Expr, cx: Context): string {
  const ns = Number(constantValue(e, cx.bindings));
  const [unit, size] = ([["s", 1e9], ["ms", 1e6], ["us", 1e3]] as const).find(([, n]) => ns % n === 0) ?? ["ns", 1];
  return `${ns / size}${unit}`;
}
