import { type Cell, cellAt } from "../../data/mod.ts";
import type { AggregateState } from "./aggregate.ts";

/**
 * The first or last value that is not null: in the order of the rows, or of a second argument (the earliest row wins
 * among equals for `first`, the latest for `last`).
 */
export interface OrderState extends AggregateState {
  readonly values: readonly Cell[];
  readonly keys: readonly (number | bigint | null)[];
}

export function orderState(which: "first" | "last"): OrderState {
  const values: Cell[] = [];
  const keys: (number | bigint | null)[] = [];
  const grow = (n: number): void => {
    for (let g = values.length; g < n; g++) {
      values.push(null);
      keys.push(null);
    }
  };
  const offer = (g: number, v: Cell, key: number | bigint | null): void => {
    const k = keys[g];
    const wins = values[g] === null ||
      (which === "first" ? k !== null && key !== null && key < k : k === null || key === null || key >= k);
    if (!wins) return;
    values[g] = v;
    keys[g] = key;
  };
  return {
    values,
    keys,
    add(groups, [column, by], rows, groupCount): void {
      grow(groupCount);
      for (let i = 0; i < rows; i++) {
        const v = cellAt(column, i);
        if (v === null) continue;
        const key = by ? cellAt(by, i) : null;
        // What has no place in the order is neither first nor last.
        if (by && (key === null || Number.isNaN(key))) continue;
        offer(groups[i], v, key as number | bigint | null);
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const o = other as OrderState;
      for (let g = 0; g < map.length; g++) if ((o.values[g] ?? null) !== null) offer(map[g], o.values[g], o.keys[g]);
    },
  };
}
