import type { Batch, Field } from "../../core/data/mod.ts";
import {
  deriveBatch,
  distinctBatch,
  type Expr,
  filterBatch,
  isFloatType,
  limitBatch,
  openAggregation,
  projectBatch,
  sortBatch,
  topBatch,
} from "../../core/query/mod.ts";
import type { StagePlan } from "../plan.ts";
import { constantValue } from "./bind.ts";
import { neededColumns } from "./needed_columns.ts";
import { rowStore } from "./row_store.ts";
import { MAX_GROUPS } from "./split.ts";
import { addLost, type MoreStages, noEffects, type StageContext, type StageEffects } from "./stage_context.ts";

/** Most rows a pipeline keeps. */
const MAX_ROWS = 1_000_000;

/** Stages at work: give it batches as they come, take the result at the end. */
export interface StageRunner {
  /** No later row can change the result: the window may end. */
  readonly full: boolean;
  push(batch: Batch): void;
  /**
   * @param durationNs length of the window, for rates; 0 for none
   */
  finish(durationNs: number): { readonly batch: Batch; readonly effects: StageEffects };
}

/**
 * @param stages bound: without parameters
 * @param more stages that few recipes use; null where there are none of them
 */
export function stageRunner(
  stages: readonly StagePlan[],
  fields: readonly Field[],
  more: MoreStages | null = null,
  maxRows: number = MAX_ROWS,
): StageRunner {
  const effects = noEffects();
  const streaming = stages.findIndex((s) => !isRowWise(s));
  const head = (streaming < 0 ? stages : stages.slice(0, streaming)).map((s) =>
    rowWise(s, { durationNs: 0, more, effects })
  );
  const tail = streaming < 0 ? [] : stages.slice(streaming);
  const needed = neededColumns(stages, fields);
  const run = (batch: Batch): Batch => head.reduce((b, stage) => stage.apply(b), needed(batch));
  const [first, ...after] = tail;
  const afterHead = run(emptyBatch(fields)).fields;
  const sink = first?.kind === "aggregate"
    ? aggregateSink(first, afterHead)
    : first?.kind === "sample"
    ? sampleSink(first, afterHead, { durationNs: 0, more, effects })
    : storeSink(first, afterHead, maxRows);
  const late = first?.kind === "aggregate" || first?.kind === "sample" ? after : tail;
  return {
    get full(): boolean {
      return head.some((s) => s.full());
    },
    push(batch): void {
      if (batch.length > 0) sink.add(run(batch));
    },
    finish(durationNs): ReturnType<StageRunner["finish"]> {
      const { batch, lostBy } = sink.result(durationNs);
      for (const [why, rows] of Object.entries(lostBy)) addLost(effects, why, rows);
      const cx = { durationNs, more, effects };
      return { batch: late.reduce((b, stage) => applyStage(b, stage, cx), batch), effects };
    },
  };
}

/** One stage over all rows. */
export function applyStage(batch: Batch, stage: StagePlan, cx: StageContext = ALONE): Batch {
  switch (stage.kind) {
    case "filter":
      return filterBatch(batch, stage.expr);
    case "derive":
      return deriveBatch(batch, stage.derived);
    case "select":
      return projectBatch(batch, stage.columns);
    case "aggregate": {
      const running = openAggregation({ ...stage, maxGroups: MAX_GROUPS }, batch.fields);
      running.add(batch);
      addLost(cx.effects, "map_full", running.lost);
      return running.result(cx.durationNs);
    }
    case "sort":
      return sortBatch(batch, stage.keys);
    case "top":
      return topBatch(batch, countOf(stage.count), stage.keys);
    case "limit":
      return limitBatch(batch, countOf(stage.count));
    case "distinct":
      return distinctBatch(batch, stage.columns);
    case "sample":
    case "join":
    case "detect":
    case "plugin":
      if (!cx.more) throw new TypeError(`"${stage.kind}" was not loaded`);
      return cx.more.apply(batch, stage, cx.effects);
  }
}

/** A stage by itself, without a window. */
const ALONE: StageContext = { durationNs: 0, more: null, effects: noEffects() };

/** The rows of `top` and `limit`. */
function countOf(e: Expr): number {
  return Math.max(0, Number(constantValue(e, {})));
}

function isRowWise(stage: StagePlan): boolean {
  if (stage.kind === "sample") return isFloatType(stage.size.t.type);
  return stage.kind === "filter" || stage.kind === "derive" || stage.kind === "select" || stage.kind === "limit";
}

interface RowWise {
  apply(batch: Batch): Batch;
  full(): boolean;
}

/** A stage that works batch by batch; `limit` counts across them. */
function rowWise(stage: StagePlan, cx: StageContext): RowWise {
  if (stage.kind === "sample") {
    if (!cx.more) throw new TypeError('"sample" was not loaded');
    cx.effects.sampling *= Number(constantValue(stage.size, {}));
    const sample = cx.more.rowSample(stage);
    const { samples } = cx.effects;
    const at = samples.push(0) - 1;
    return {
      apply(batch): Batch {
        const kept = sample(batch);
        samples[at] += kept.length;
        return kept;
      },
      full: () => false,
    };
  }
  if (stage.kind !== "limit") return { apply: (batch) => applyStage(batch, stage, cx), full: () => false };
  let left = countOf(stage.count);
  return {
    apply(batch): Batch {
      const kept = limitBatch(batch, left);
      left -= kept.length;
      return kept;
    },
    full: () => left <= 0,
  };
}

interface Sink {
  add(batch: Batch): void;
  result(durationNs: number): { batch: Batch; lostBy: Record<string, number> };
}

function aggregateSink(stage: Extract<StagePlan, { kind: "aggregate" }>, fields: readonly Field[]): Sink {
  const running = openAggregation({ ...stage, maxGroups: MAX_GROUPS }, fields);
  return {
    add: (batch) => running.add(batch),
    result: (durationNs) => ({
      batch: running.result(durationNs),
      lostBy: lostBy("map_full", running.lost),
    }),
  };
}

/** Keeps the rows of a sample alone, however many come. */
function sampleSink(stage: Extract<StagePlan, { kind: "sample" }>, fields: readonly Field[], cx: StageContext): Sink {
  if (!cx.more) throw new TypeError('"sample" was not loaded');
  const sample = cx.more.rowsSample(stage);
  return { add: sample.add, result: () => ({ batch: sample.rows(fields, cx.effects), lostBy: {} }) };
}

/** Keeps rows; before a `top` only as many as can still be among the first. */
function storeSink(next: StagePlan | undefined, fields: readonly Field[], maxRows: number): Sink {
  const store = rowStore(fields, maxRows);
  const keep = next?.kind === "top" ? Math.max(10_000, 4 * countOf(next.count)) : Infinity;
  return {
    add(batch): void {
      if (next?.kind === "top" && store.length + batch.length > keep) {
        store.replace(applyStage(store.rows(), next));
      }
      store.add(batch);
    },
    result: () => ({ batch: store.rows(), lostBy: lostBy("row_limit", store.lost) }),
  };
}

function lostBy(why: string, rows: number): Record<string, number> {
  return rows > 0 ? { [why]: rows } : {};
}

function emptyBatch(fields: readonly Field[]): Batch {
  return rowStore(fields, 0).rows();
}
