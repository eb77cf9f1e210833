import { type Cell, type Column, columnFrom } from "../../data/mod.ts";
import type { AggregateState } from "./aggregate.ts";

/** The least or greatest value of each group, by value: numbers and bigints compare exactly. */
export interface ExtremeState extends AggregateState {
  readonly best: readonly (number | bigint | string | undefined)[];
}

export function extremeState(sign: 1 | -1): ExtremeState {
  const best: (number | bigint | string | undefined)[] = [];
  const offer = (g: number, v: number | bigint | string): void => {
    const b = best[g];
    if (b === undefined || (sign > 0 ? v > b : v < b)) best[g] = v;
  };
  return {
    best,
    add(groups, [column], rows, groupCount): void {
      for (let g = best.length; g < groupCount; g++) best.push(undefined);
      switch (column.kind) {
        case "string":
          for (let i = 0; i < rows; i++) if (column.codes[i] >= 0) offer(groups[i], column.dict[column.codes[i]]);
          break;
        case "object":
          throw new TypeError("stacks and histograms have no order");
        case "big":
          for (let i = 0; i < rows; i++) if (!column.nulls?.[i]) offer(groups[i], column.values[i]);
          break;
        case "number": {
          const { values, nulls } = column;
          for (let i = 0; i < rows; i++) {
            const v = values[i];
            // + 0: the result must not depend on which of two zeros came first.
            if (!(nulls && nulls[i] !== 0) && !Number.isNaN(v)) offer(groups[i], v + 0);
          }
        }
      }
    },
    merge(other, map, groupCount): void {
      for (let g = best.length; g < groupCount; g++) best.push(undefined);
      for (let g = 0; g < map.length; g++) {
        const v = (other as ExtremeState).best[g];
        if (v !== undefined) offer(map[g], v);
      }
    },
  };
}

/** A value a group, null where there is none. */
export function cellsColumn(cells: readonly (Cell | undefined)[], groupCount: number, unsigned?: boolean): Column {
  return columnFrom(Array.from({ length: groupCount }, (_, g) => cells[g] ?? null), unsigned);
}
