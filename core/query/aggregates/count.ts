import type { Column } from "../../data/mod.ts";
import { growFloats } from "./grow.ts";
import type { AggregateState } from "./aggregate.ts";

/** How many rows, or rows with a value. */
export interface CountState extends AggregateState {
  readonly counts: Float64Array;
}

export function countState(): CountState {
  let counts: Float64Array = new Float64Array(0);
  return {
    get counts() {
      return counts;
    },
    add(groups, args, rows, groupCount): void {
      counts = growFloats(counts, groupCount);
      const nulls = args.length > 0 ? nullsOf(args[0], rows) : undefined;
      if (!nulls) { for (let i = 0; i < rows; i++) counts[groups[i]]++; }
      else for (let i = 0; i < rows; i++) counts[groups[i]] += 1 - nulls[i];
    },
    merge(other, map, groupCount): void {
      counts = growFloats(counts, groupCount);
      const theirs = (other as CountState).counts;
      for (let g = 0; g < map.length; g++) counts[map[g]] += theirs[g] ?? 0;
    },
  };
}

/** One byte a row, 1 = null; undefined when none is. */
export function nullsOf(column: Column, rows: number): Uint8Array | undefined {
  if (column.kind === "number" || column.kind === "big") return column.nulls;
  const nulls = new Uint8Array(rows);
  let any = false;
  for (let i = 0; i < rows; i++) {
    const isNull = column.kind === "string" ? column.codes[i] < 0 : (column.values[i] ?? null) === null;
    if (!isNull) continue;
    nulls[i] = 1;
    any = true;
  }
  return any ? nulls : undefined;
}
