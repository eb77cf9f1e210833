import type { Batch, Field } from "../../data/mod.ts";
import {
  concatBatches,
  deriveBatch,
  filterBatch,
  openAggregation,
  type ProbeSpec,
  projectBatch,
} from "../../query/mod.ts";

/** The steps and the output of a spec, over batches of its source. */
export interface SpecOutput {
  /** Rows that passed the steps. */
  readonly rows: number;
  /** Rows of a stream that nobody took yet. */
  readonly waiting: number;
  /** Rows of keys beyond the limit. */
  readonly lost: number;
  push(batch: Batch): void;
  /** A stream's rows since the last call; none for aggregates. */
  take(): Batch;
  /** The aggregate's table; a stream's last rows. @param durationNs length of the window */
  finish(durationNs: number): Batch;
}

/** @param fields of the source's batches */
export function specOutput({ steps, output }: ProbeSpec, fields: readonly Field[]): SpecOutput {
  const apply = (batch: Batch): Batch => {
    let rows = batch;
    for (const step of steps) {
      if (step.kind === "derive") rows = deriveBatch(rows, [step.derived]);
      else rows = filterBatch(rows, step.expr);
    }
    return rows;
  };
  const nothing = apply(emptyBatch(fields));
  let rows = 0;
  if (output.kind === "aggregate") {
    const running = openAggregation({ ...output, maxGroups: output.maxKeys }, nothing.fields);
    return {
      get rows() {
        return running.rows;
      },
      waiting: 0,
      get lost() {
        return running.lost;
      },
      push(batch): void {
        const passed = apply(batch);
        if (passed.length > 0) running.add(passed);
      },
      take: () => ({ length: 0, fields: [], columns: [] }),
      finish: (durationNs) => running.result(durationNs),
    };
  }
  const none = projectBatch(nothing, output.fields);
  let parts: Batch[] = [];
  let waiting = 0;
  const take = (): Batch => {
    const batch = parts.length === 0 ? none : concatBatches(none.fields, parts);
    parts = [];
    waiting = 0;
    return batch;
  };
  return {
    get rows() {
      return rows;
    },
    get waiting() {
      return waiting;
    },
    lost: 0,
    push(batch): void {
      const passed = projectBatch(apply(batch), output.fields);
      if (passed.length === 0) return;
      rows += passed.length;
      waiting += passed.length;
      parts.push(passed);
    },
    take,
    finish: take,
  };
}

function emptyBatch(fields: readonly Field[]): Batch {
  const batch = concatBatches(fields, []);
  return { length: 0, fields, columns: batch.columns };
}
