import { growFloats } from "./grow.ts";
import type { AggregateState } from "./aggregate.ts";

/** Number, mean and sum of squared distances from it: Welford's update, Chan's merge. */
export interface VarianceState extends AggregateState {
  readonly counts: Float64Array;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

export function varianceState(): VarianceState {
  let counts: Float64Array = new Float64Array(0),
    means: Float64Array = new Float64Array(0),
    squares: Float64Array = new Float64Array(0);
  const grow = (n: number): void => {
    counts = growFloats(counts, n);
    means = growFloats(means, n);
    squares = growFloats(squares, n);
  };
  return {
    get counts() {
      return counts;
    },
    get means() {
      return means;
    },
    get squares() {
      return squares;
    },
    add(groups, [column], rows, groupCount): void {
      grow(groupCount);
      if (column.kind !== "number" && column.kind !== "big") {
        if (rows > 0) throw new TypeError(`a ${column.kind} column has no variance`);
        return;
      }
      const { values, nulls } = column;
      for (let i = 0; i < rows; i++) {
        if (nulls && nulls[i] !== 0) continue;
        const g = groups[i], v = Number(values[i]);
        const d = v - means[g];
        means[g] += d / ++counts[g];
        squares[g] += d * (v - means[g]);
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const o = other as VarianceState;
      for (let g = 0; g < map.length; g++) {
        const to = map[g], n = o.counts[g];
        if (!(n > 0)) continue;
        const total = counts[to] + n;
        const d = o.means[g] - means[to];
        squares[to] += o.squares[g] + d * d * counts[to] * n / total;
        means[to] += d * n / total;
        counts[to] = total;
      }
    },
  };
}
