import { type Batch, type Column, fieldIndex } from "../data/mod.ts";
import { takeColumnOrNull, takeRows } from "./batch_ops.ts";
import { compileExpr } from "./compile_expr.ts";
import type { Expr } from "./expr.ts";
import { groupIndex } from "./_groups.ts";
import { nullsOf } from "./aggregates/count.ts";

/**
 * What becomes of a left row without a partner: `inner` drops it, `left` keeps it with nulls, `anti` keeps such rows and
 * no others.
 */
export type JoinKind = "inner" | "left" | "anti";

/** How two batches are joined. */
export interface JoinSpec {
  readonly kind: JoinKind;
  /** Over the left's fields. */
  readonly leftKeys: readonly Expr[];
  /** Over the right's fields, one for each of the left's. */
  readonly rightKeys: readonly Expr[];
  /** Columns of the right that are added, with their new names. `anti` adds none. */
  readonly take: readonly { readonly name: string; readonly field: string }[];
  /** Of several partners the first alone is put beside a row. */
  readonly firstOnly?: boolean;
  /** Most rows made; more are counted. */
  readonly maxRows?: number;
}

/** Two batches as one. */
export interface Joined {
  readonly batch: Batch;
  /** Rows beyond `maxRows`. */
  readonly lost: number;
  /** Left rows without a partner. */
  readonly unmatched: number;
}

/**
 * Joins two batches by equal keys: left rows in their order, and for each its right rows in theirs. Integers are equal by
 * value at any size, text by text; null and NaN equal nothing. Without keys every row meets every row.
 *
 * @throws {TypeError} when a column or a field of a key is not there
 */
export function joinBatch(left: Batch, right: Batch, spec: JoinSpec): Joined {
  if (spec.leftKeys.length !== spec.rightKeys.length) {
    throw new TypeError(`${spec.leftKeys.length} keys of the left and ${spec.rightKeys.length} of the right`);
  }
  const index = groupIndex(spec.rightKeys.length);
  const theirs = groupsOf(right, spec.rightKeys, index.assign);
  const partners = rowsByGroup(theirs, index.size);
  const ours = groupsOf(left, spec.leftKeys, index.assign);
  const max = spec.maxRows ?? Infinity;

  let unmatched = 0, total = 0;
  const made = new Int32Array(left.length);
  for (let i = 0; i < left.length; i++) {
    const all = partners.count(ours[i]);
    const n = spec.firstOnly ? Math.min(all, 1) : all;
    if (n === 0) unmatched++;
    made[i] = spec.kind === "anti" ? (n === 0 ? 1 : 0) : spec.kind === "left" && n === 0 ? 1 : n;
    total += made[i];
  }
  const length = Math.min(total, max);
  const leftRows = new Int32Array(length), rightRows = new Int32Array(length);
  for (let i = 0, at = 0; at < length; i++) {
    const first = partners.first(ours[i]), matched = partners.count(ours[i]) > 0;
    for (let k = 0; k < made[i] && at < length; k++, at++) {
      leftRows[at] = i;
      rightRows[at] = matched ? partners.rows[first + k] : -1;
    }
  }
  const kept = takeRows(left, leftRows);
  const take = spec.kind === "anti" ? [] : spec.take.map(({ name, field }) => {
    const i = fieldIndex(right, field);
    if (i < 0) throw new TypeError(`there is no field "${field}" on the right`);
    return { field: { ...right.fields[i], name }, column: takeColumnOrNull(right.columns[i], rightRows) };
  });
  const batch: Batch = {
    length,
    fields: [...kept.fields, ...take.map((t) => t.field)],
    columns: [...kept.columns, ...take.map((t) => t.column)],
  };
  return { batch, lost: total - length, unmatched };
}

/** The number of each row's combination of keys, -1 where a key equals nothing. */
function groupsOf(
  batch: Batch,
  keys: readonly Expr[],
  assign: (columns: readonly Column[], rows: number) => Int32Array,
): Int32Array {
  const columns = keys.map((k) => compileExpr(k, batch.fields)(batch));
  const groups = assign(columns, batch.length);
  for (const column of columns) {
    const nulls = nullsOf(column, batch.length);
    for (let i = 0; i < batch.length; i++) {
      if (nulls?.[i] || column.kind === "number" && Number.isNaN(column.values[i])) groups[i] = -1;
    }
  }
  return groups;
}

/** The rows of each group, in their order. */
interface RowsByGroup {
  readonly rows: Int32Array;
  /** Where the rows of a group start in `rows`. */
  first(group: number): number;
  count(group: number): number;
}

function rowsByGroup(groups: Int32Array, size: number): RowsByGroup {
  const starts = new Int32Array(size + 1);
  for (const g of groups) if (g >= 0) starts[g + 1]++;
  for (let g = 0; g < size; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const rows = new Int32Array(starts[size]);
  for (let i = 0; i < groups.length; i++) if (groups[i] >= 0) rows[next[groups[i]]++] = i;
  return {
    rows,
    first: (g) => starts[g],
    // A group that only the left has got its number later.
    count: (g) => g < 0 || g >= size ? 0 : starts[g + 1] - starts[g],
  };
}
