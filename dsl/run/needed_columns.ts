import type { Batch, Field } from "../../core/data/mod.ts";
import { operandsOf } from "./bind.ts";
import type { Expr } from "../../core/query/mod.ts";
import type { StagePlan } from "../plan.ts";
import { definesColumns, exprsOf } from "./stage_exprs.ts";

/** Stages that only need what their expressions name, and pass on what they get. */
const PASS_ON: readonly StagePlan["kind"][] = ["filter", "derive", "sort", "top", "limit", "sample"];

/**
 * Leaves out the columns that no stage reads before one defines all columns anew, so that filters need not copy them.
 *
 * @returns the same rows; or the batch itself, where all of its columns are needed
 */
export function neededColumns(stages: readonly StagePlan[], fields: readonly Field[]): (batch: Batch) => Batch {
  const end = stages.findIndex((s) => !PASS_ON.includes(s.kind));
  if (end <= 0 || !definesColumns(stages[end])) return (batch) => batch;
  const names = new Set<string>();
  const note = (e: Expr): void => {
    if (e.op === "field") names.add(e.name);
    operandsOf(e).forEach(note);
  };
  for (const stage of stages.slice(0, end + 1)) exprsOf(stage).forEach(note);
  const kept = fields.flatMap((f, i) => names.has(f.name) ? [i] : []);
  if (kept.length === fields.length) return (batch) => batch;
  const keptFields = kept.map((i) => fields[i]);
  return (batch) => ({ length: batch.length, fields: keptFields, columns: kept.map((i) => batch.columns[i]) });
}
