import type { Batch, Field, Quality, Result } from "../../core/data/mod.ts";
import type { PipelinePlan, StagePlan } from "../plan.ts";

/** What stages did beside changing rows: for the quality of the result. */
export interface StageEffects {
  /** The part of the rows that was kept by `sample`. */
  sampling: number;
  /** Rows that each `sample` kept. */
  readonly samples: number[];
  readonly lostBy: Record<string, number>;
  readonly notes: string[];
}

/** Before any stage. */
export function noEffects(): StageEffects {
  return { sampling: 1, samples: [], lostBy: {}, notes: [] };
}

/** Counts rows that had to be left out. */
export function addLost(effects: StageEffects, why: string, rows: number): void {
  if (rows > 0) effects.lostBy[why] = (effects.lostBy[why] ?? 0) + rows;
}

/** Rows of the smallest sample that a result is of; Infinity where nothing was left out by one. */
export function sampleRowsOf({ sampling, samples }: StageEffects): number {
  return sampling < 1 ? Math.min(...samples) : Infinity;
}

/** A sample of a fixed size at work. */
export interface RowsSample {
  add(batch: Batch): void;
  /** @param fields those of the batches */
  rows(fields: readonly Field[], effects: StageEffects): Batch;
}

/** Stages and endings that few recipes use. They are loaded when a plan names one of them. */
export interface MoreStages {
  /** `sample` of a number of rows, `join`, `detect`, and stages of plugins, over all rows. */
  apply(batch: Batch, stage: StagePlan, effects: StageEffects): Batch;
  /** `sample` of a ratio, batch by batch. */
  rowSample(stage: Extract<StagePlan, { kind: "sample" }>): (batch: Batch) => Batch;
  /** `sample` of a number of rows, as they come. */
  rowsSample(stage: Extract<StagePlan, { kind: "sample" }>): RowsSample;
  /** What a pipeline's final rows become. */
  ending(
    plan: PipelinePlan & { readonly ending: NonNullable<PipelinePlan["ending"]> },
    rows: Batch,
    q: Quality,
  ): Result;
}

/** What stages need beside their rows. */
export interface StageContext {
  /** Length of the window in nanoseconds, for rates; 0 for none. */
  readonly durationNs: number;
  /** Null where no plan names such a stage. */
  readonly more: MoreStages | null;
  readonly effects: StageEffects;
}

/** Stages that are loaded only when a plan names them. */
export function isMore(stage: StagePlan): boolean {
  return stage.kind === "sample" || stage.kind === "join" || stage.kind === "detect" || stage.kind === "plugin";
}
