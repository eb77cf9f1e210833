import type { Batch, Cell, Field, Profile } from "../../core/data/mod.ts";
import type { ParamValues, ProfileCollector, RowsCollector } from "../../core/plugin_api/mod.ts";
import type { PipelinePlan, StagePlan } from "../plan.ts";
import { cutNote, type PipelineOutcome, type ReadyPipeline, resultOf, withLocalWork } from "./outcome.ts";
import type { RunServices } from "./services.ts";
import { type MoreStages, noEffects, sampleRowsOf } from "./stage_context.ts";
import { conjuncts } from "./stage_exprs.ts";
import { stageRunner } from "./stage_runner.ts";

/** A pipeline over rows that a collector makes. */
export function rowsPipeline(
  plan: PipelinePlan,
  collector: RowsCollector,
  params: ParamValues,
  stages: readonly StagePlan[],
  durationNs: number | null,
  services: RunServices,
  more: MoreStages | null,
): ReadyPipeline {
  return {
    attach(): void {},
    async run(): Promise<PipelineOutcome> {
      const now = services.now ?? ((): number => performance.now());
      const start = now();
      const request = { params, durationNs, pushed: pushedEqualities(collector, stages) };
      using stream = await collector.rows(request, services.context);
      const runner = stageRunner(stages, collector.fields, more);
      let rows = 0;
      for await (const batch of stream.batches()) {
        checkFields(collector, batch);
        rows += batch.length;
        runner.push(batch);
        if (runner.full) break;
      }
      const { aborted } = services.context.signal;
      const elapsedNs = (now() - start) * 1e6;
      const early = durationNs !== null && elapsedNs < durationNs;
      const cut = aborted && (early || collector.window === "interval");
      const q = stream.quality();
      const { batch, effects } = runner.finish(q.duration_ns);
      const notes = !cut ? [] : [early ? cutNote(elapsedNs, durationNs) : "Stopped before the interval was over"];
      // The CPU time of our stages is within what the collector counts as its own.
      const known = { ...q, events: q.events || rows };
      return {
        result: resultOf(plan, batch, withLocalWork(known, { effects, cpuNs: 0, notes }), more),
        report: { name: plan.name, engine: null, pushed: 0, local: stages.length },
        cut,
        sampleRows: sampleRowsOf(effects),
      };
    },
    dispose(): void {},
  };
}

/** Rows that are not what the collector declares would be read as something else: a defect of its plugin. */
function checkFields(collector: RowsCollector, batch: Batch): void {
  if (batch.fields === collector.fields) return;
  const names = (fields: readonly Field[]): string => fields.map((f) => f.name).join(", ");
  const [declared, answered] = [names(collector.fields), names(batch.fields)];
  if (declared !== answered) {
    throw new TypeError(`${collector.name} declares the fields ${declared}, and answered ${answered}`);
  }
}

/** Filters `field == constant` on fields that the collector takes over; they are applied again here. */
function pushedEqualities(collector: RowsCollector, stages: readonly StagePlan[]): Readonly<Record<string, Cell>> {
  const pushed: Record<string, Cell> = {};
  for (const stage of stages) {
    if (stage.kind !== "filter") break;
    for (const e of conjuncts(stage.expr)) {
      if (e.op !== "binary" || e.fn !== "==" || e.left.op !== "field" || e.right.op !== "lit") continue;
      const { name } = e.left;
      if (collector.pushes?.includes(name) && !Object.hasOwn(pushed, name)) pushed[name] = e.right.value;
    }
  }
  return pushed;
}

/** A pipeline whose result is a whole profile. */
export function profilePipeline(
  plan: PipelinePlan,
  collector: ProfileCollector,
  params: ParamValues,
  durationNs: number | null,
  services: RunServices,
): ReadyPipeline {
  return {
    attach(): void {},
    async run(): Promise<PipelineOutcome> {
      const { context } = services;
      const profile: Profile = await collector.profile({ params, durationNs, pushed: {} }, context);
      const measuredNs = profile.quality.duration_ns;
      // Samplers end within a hundredth of their window.
      const cut = context.signal.aborted && durationNs !== null && measuredNs < durationNs * 0.99;
      const notes = cut ? [cutNote(measuredNs, durationNs)] : [];
      return {
        result: { ...profile, quality: withLocalWork(profile.quality, { effects: noEffects(), cpuNs: 0, notes }) },
        report: { name: plan.name, engine: null, pushed: 0, local: 0 },
        cut,
        sampleRows: Infinity,
      };
    },
    dispose(): void {},
  };
}
