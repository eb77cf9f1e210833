import type { Batch, Column } from "../data/mod.ts";
import { takeRows } from "./batch_ops.ts";
import { compileExpr } from "./compile_expr.ts";
import type { Bindings, Expr } from "./expr.ts";

/** One key to sort by. */
export interface SortKey {
  readonly expr: Expr;
  readonly descending: boolean;
}

/** `sort`: rows by these keys, equal ones in their old order. Null and NaN come last either way. */
export function sortBatch(batch: Batch, keys: readonly SortKey[], bindings: Bindings = {}): Batch {
  return takeRows(batch, order(batch, keys, bindings));
}

/** `top`: the first `count` rows of {@linkcode sortBatch} by these keys, greatest first unless the keys say otherwise. */
export function topBatch(batch: Batch, count: number, keys: readonly SortKey[], bindings: Bindings = {}): Batch {
  const before = comparison(batch, keys, bindings);
  return takeRows(batch, firstRows(batch.length, Math.max(0, count), before).sort(before));
}

function order(batch: Batch, keys: readonly SortKey[], bindings: Bindings): Int32Array {
  return allRows(batch.length).sort(comparison(batch, keys, bindings));
}

function allRows(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

/** Rows by all keys, then by their place: no two are equal. */
function comparison(batch: Batch, keys: readonly SortKey[], bindings: Bindings): Compare {
  const compares = keys.map((k) =>
    comparator(compileExpr(k.expr, batch.fields, bindings)(batch), k.descending ? -1 : 1)
  );
  if (compares.length === 1) {
    const [compare] = compares;
    return (i, j) => compare(i, j) || i - j;
  }
  return (i, j) => {
    for (const compare of compares) {
      const c = compare(i, j);
      if (c !== 0) return c;
    }
    return i - j;
  };
}

/** The first `count` of the rows in any order: a heap with the last of them on top, which most rows are compared with once. */
function firstRows(length: number, count: number, before: Compare): Int32Array {
  if (count >= length) return allRows(length);
  const heap = allRows(count);
  if (count === 0) return heap;
  const sink = (at: number, row: number): void => {
    for (let child = 2 * at + 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && before(heap[child + 1], heap[child]) > 0) child++;
      if (before(heap[child], row) < 0) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = row;
  };
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(i, heap[i]);
  for (let row = count; row < length; row++) if (before(row, heap[0]) < 0) sink(0, row);
  return heap;
}

type Compare = (i: number, j: number) => number;

function comparator(column: Column, sign: 1 | -1): Compare {
  switch (column.kind) {
    case "string": {
      const rank = ranks(column.dict);
      const codes = column.codes;
      return (i, j) => {
        const p = codes[i], q = codes[j];
        if (p < 0 || q < 0) return (p < 0 ? 1 : 0) - (q < 0 ? 1 : 0);
        return (rank[p] - rank[q]) * sign;
      };
    }
    case "object":
      throw new TypeError("stacks and histograms have no order");
    default: {
      const { values, nulls } = column;
      return (i, j) => {
        const x = values[i], y = values[j];
        const noX = nulls?.[i] === 1 || Number.isNaN(x), noY = nulls?.[j] === 1 || Number.isNaN(y);
        if (noX || noY) return (noX ? 1 : 0) - (noY ? 1 : 0);
        return x < y ? -sign : x > y ? sign : 0;
      };
    }
  }
}

/** The place of each text in the order of all of them; equal texts have equal places. */
function ranks(dict: readonly string[]): Int32Array {
  const sorted = Array.from(dict.keys()).sort((i, j) => dict[i] < dict[j] ? -1 : dict[i] > dict[j] ? 1 : 0);
  const rank = new Int32Array(dict.length);
  let r = 0;
  for (let k = 0; k < sorted.length; k++) {
    if (k > 0 && dict[sorted[k]] !== dict[sorted[k - 1]]) r = k;
    rank[sorted[k]] = r;
  }
  return rank;
}
