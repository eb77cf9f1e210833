import type { Batch } from "../data/mod.ts";
import { compileExpr } from "./compile_expr.ts";
import type { Expr } from "./expr.ts";
import { groupIndex } from "./_groups.ts";

/**
 * The rows of each distinct combination of keys, ascending; combinations in the order in which they came. Null is a value
 * of its own. Without keys all rows are one group, also when there are none.
 */
export function groupRows(batch: Batch, keys: readonly Expr[]): Int32Array[] {
  const index = groupIndex(keys.length);
  const groups = index.assign(keys.map((k) => compileExpr(k, batch.fields)(batch)), batch.length);
  const counts = new Int32Array(index.size);
  for (const g of groups) counts[g]++;
  const rows = Array.from(counts, (n) => new Int32Array(n));
  counts.fill(0);
  for (let i = 0; i < batch.length; i++) rows[groups[i]][counts[groups[i]]++] = i;
  return rows;
}
