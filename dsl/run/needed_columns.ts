import type { Batch, Field } from "../../core/data/mod.ts";
import type { StagePlan } from "../plan.ts";
import { readColumns } from "./read_columns.ts";
import { definesColumns } from "./stage_exprs.ts";

/**
 * Leaves out the columns that no stage reads before one defines all columns anew, so that filters need not copy them.
 *
 * @returns the same rows; or the batch itself, where all of its columns are needed
 */
export function neededColumns(stages: readonly StagePlan[], fields: readonly Field[]): (batch: Batch) => Batch {
  const names = readColumns(stages);
  // A stage that defines columns copies none but those that it reads.
  if (!names || definesColumns(stages[0])) return (batch) => batch;
  const kept = fields.flatMap((f, i) => names.has(f.name) ? [i] : []);
  if (kept.length === fields.length) return (batch) => batch;
  const keptFields = kept.map((i) => fields[i]);
  return (batch) => ({ length: batch.length, fields: keptFields, columns: kept.map((i) => batch.columns[i]) });
}
