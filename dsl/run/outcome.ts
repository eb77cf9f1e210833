import { type Batch, mergeQuality, type Quality, quality, type Result, type Table } from "../../core/data/mod.ts";
import type { PipelinePlan } from "../plan.ts";
import type { PipelineReport } from "./report.ts";

/** What came of a pipeline. */
export interface PipelineOutcome {
  readonly result: Result;
  readonly report: PipelineReport;
  /** The user ended its window before its time. */
  readonly cut: boolean;
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

/** What the stages here did to the quality of a source: rows left out, CPU time, a note. */
export interface LocalWork {
  readonly lostBy: Readonly<Record<string, number>>;
  readonly cpuNs: number;
  readonly notes: readonly string[];
}

/** The quality of a source's rows after the stages here. */
export function withLocalWork(q: Quality, work: LocalWork): Quality {
  const lost = Object.values(work.lostBy).reduce((a, b) => a + b, 0);
  if (lost === 0 && work.cpuNs === 0 && work.notes.length === 0) return q;
  const cost = { cpu_ns: Math.round(work.cpuNs), probe_ns: 0, ratio: 0, estimated: false };
  return mergeQuality([q, quality({ lost_by: work.lostBy, cost, notes: work.notes, duration_ns: q.duration_ns })]);
}

/** What is noted of a window that was ended early. */
export function cutNote(measuredNs: number, wantedNs: number): string {
  return `Stopped after ${(measuredNs / 1e9).toFixed(1)} s of ${(wantedNs / 1e9).toFixed(1)} s`;
}
