import { type Batch, mergeQuality, type Quality, quality, type Result, type Table } from "../../core/data/mod.ts";
import type { PipelinePlan } from "../plan.ts";
import type { PipelineReport } from "./report.ts";
import type { MoreStages, StageEffects } from "./stage_context.ts";

/** What came of a pipeline. */
export interface PipelineOutcome {
  readonly result: Result;
  readonly report: PipelineReport;
  /** The user ended its window before its time. */
  readonly cut: boolean;
  /** Rows of the sample that the result is of; Infinity where it is of none. */
  readonly sampleRows: number;
}

/** A pipeline about to run: everything that can be refused has been asked. */
export interface ReadyPipeline {
  /** Attaches what has to be attached. Synchronous and quick, so that pipelines of a phase start together. */
  attach(): void;
  /** Runs to the end of its window. */
  run(): Promise<PipelineOutcome>;
  /** Detaches; after `run` there is nothing left to do. */
  dispose(): void;
}

/** The final rows as a result, with what the plan knows of its fields. */
export function tableOf(plan: PipelinePlan, batch: Batch, q: Quality): Table {
  const fields = batch.fields.map((f, i) => {
    const known = plan.fields[i];
    return known?.name === f.name && known.type === f.type ? { ...f, ...known } : f;
  });
  return { kind: "table", length: batch.length, fields, columns: batch.columns, quality: q };
}

/** The final rows of a pipeline as its result. */
export function resultOf(plan: PipelinePlan, batch: Batch, q: Quality, more: MoreStages | null): Result {
  const { ending } = plan;
  if (!ending) return tableOf(plan, batch, q);
  if (!more) throw new TypeError(`"${ending.kind}" was not loaded`);
  return more.ending({ ...plan, ending }, batch, q);
}

/** What the stages here did to the quality of a source: rows left out, CPU time, a note. */
export interface LocalWork {
  readonly effects: StageEffects;
  readonly cpuNs: number;
  readonly notes: readonly string[];
}

/** The quality of a source's rows after the stages here. */
export function withLocalWork(q: Quality, { effects, cpuNs, notes }: LocalWork): Quality {
  const said = [...effects.notes, ...notes];
  const sampled = effects.sampling < 1;
  if (sampled) {
    said.push(sampleNote(effects.sampling, "rows"));
  }
  const lost = Object.values(effects.lostBy).reduce((a, b) => a + b, 0);
  if (lost === 0 && cpuNs === 0 && said.length === 0) return q;
  const cost = { cpu_ns: Math.round(cpuNs), probe_ns: 0, ratio: 0, estimated: false };
  const own = quality({ lost_by: effects.lostBy, cost, notes: said, duration_ns: q.duration_ns });
  const merged = mergeQuality([q, own]);
  return sampled ? { ...merged, sampling: q.sampling * effects.sampling } : merged;
}

/** What is noted of rows that were taken as a sample. */
export function sampleNote(ratio: number, of: "rows" | "events"): string {
  const part = `${Number((ratio * 100).toPrecision(3))} %`;
  return `Of a sample of ${part} of the ${of}: counts and sums are those of the sample`;
}

/** What is noted of a window that was ended early. */
export function cutNote(measuredNs: number, wantedNs: number): string {
  return `Stopped after ${(measuredNs / 1e9).toFixed(1)} s of ${(wantedNs / 1e9).toFixed(1)} s`;
}
