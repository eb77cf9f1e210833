import { type Batch, cellAt, type Field } from "../../data/mod.ts";
import {
  type AggregateTable,
  concatBatches,
  deriveBatch,
  filterBatch,
  type HighestRows,
  openAggregation,
  type ProbeSpec,
  projectBatch,
  type SortKey,
  takeRows,
  topBatch,
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
  /** The aggregate's tables; a stream's last rows. @param durationNs length of the window */
  finish(durationNs: number): { readonly batch: Batch; readonly beside?: readonly Batch[]; readonly highest?: Batch };
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
    const open = (t: AggregateTable): ReturnType<typeof openAggregation> =>
      openAggregation({ ...t, maxGroups: t.maxKeys }, nothing.fields);
    const running = [output, ...output.beside ?? []].map(open);
    const highest = output.highest ? highestOf(output.highest, nothing) : null;
    return {
      get rows() {
        return running[0].rows;
      },
      waiting: 0,
      get lost() {
        return running.reduce((n, r) => n + r.lost, 0);
      },
      push(batch): void {
        const passed = apply(batch);
        if (passed.length === 0) return;
        for (const r of running) r.add(passed);
        highest?.add(passed);
      },
      take: () => ({ length: 0, fields: [], columns: [] }),
      finish(durationNs) {
        const [batch, ...beside] = running.map((r) => r.result(durationNs));
        return { batch, beside, ...(highest && { highest: highest.rows() }) };
      },
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
    finish: () => ({ batch: take() }),
  };
}

/** The rows that are highest in a value. */
function highestOf(
  { by, fields, count, atLeast }: HighestRows,
  nothing: Batch,
): { add(batch: Batch): void; rows(): Batch } {
  let kept = projectBatch(nothing, fields);
  const value = fields.find((f) => f.name === by)?.expr;
  if (!value) throw new TypeError(`The highest rows by ${by} have no such field`);
  const key: SortKey = { expr: { op: "field", name: by, t: value.t }, descending: true };
  return {
    add(batch): void {
      const rows = topBatch(concatBatches(kept.fields, [kept, projectBatch(batch, fields)]), count, [key]);
      const column = rows.columns[rows.fields.findIndex((f) => f.name === by)];
      let end = rows.length;
      while (end > 0 && Number(cellAt(column, end - 1)) < atLeast) end--;
      kept = takeRows(rows, Int32Array.from({ length: end }, (_, i) => i));
    },
    rows: () => kept,
  };
}

function emptyBatch(fields: readonly Field[]): Batch {
  const batch = concatBatches(fields, []);
  return { length: 0, fields, columns: batch.columns };
}
