import { cellAt } from "../../data/mod.ts";
import type { AggregateState } from "./aggregate.ts";

type Value = number | bigint | string;

/** The counters of one group. Every count is too small by at most `missed`. */
export interface Frequent {
  readonly counts: Map<Value, number>;
  missed: number;
}

/**
 * The most frequent values, by Misra and Gries: with c counters and n values, a count is too small by at most
 * n / (c + 1), and exact while there are at most c different values. States merge within the same bound (Agarwal et
 * al., "Mergeable summaries", 2012).
 */
export interface TopkState extends AggregateState {
  readonly groups: readonly Frequent[];
}

/** How many counters stand behind the k that are asked for. */
export function topkCounters(k: number): number {
  return Math.max(64, 8 * k);
}

export function topkState(k: number): TopkState {
  const all: Frequent[] = [];
  const limit = topkCounters(k);
  const grow = (n: number): void => {
    for (let g = all.length; g < n; g++) all.push({ counts: new Map(), missed: 0 });
  };
  return {
    groups: all,
    add(groups, [column], rows, groupCount): void {
      grow(groupCount);
      for (let i = 0; i < rows; i++) {
        const cell = cellAt(column, i);
        if (cell === null) continue;
        const f = all[groups[i]];
        const v = valueOf(cell);
        const count = f.counts.get(v);
        if (count !== undefined) f.counts.set(v, count + 1);
        else if (f.counts.size < limit) f.counts.set(v, 1);
        else lower(f, 1);
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const theirs = (other as TopkState).groups;
      for (let g = 0; g < map.length; g++) {
        const from = theirs[g];
        if (!from) continue;
        const f = all[map[g]];
        for (const [v, count] of from.counts) f.counts.set(v, (f.counts.get(v) ?? 0) + count);
        f.missed += from.missed;
        if (f.counts.size > limit) lower(f, Array.from(f.counts.values()).sort((a, b) => b - a)[limit]);
      }
    },
  };
}

/** The `k` most frequent values of a group, most frequent first; equal counts by value. */
export function topOf(group: Frequent, k: number): [Value, number][] {
  return Array.from(group.counts)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    .slice(0, k);
}

/** As a cell shows it: `nginx 120, redis 31`; with `≥` where counts may be too small. */
export function topText(group: Frequent, k: number): string | null {
  if (group.counts.size === 0) return null;
  const least = group.missed > 0 ? "≥" : "";
  return topOf(group, k).map(([v, count]) => `${v} ${least}${count}`).join(", ");
}

/** Takes `by` from every counter and drops those that reach 0. */
function lower(f: Frequent, by: number): void {
  f.missed += by;
  for (const [v, count] of f.counts) {
    if (count > by) f.counts.set(v, count - by);
    else f.counts.delete(v);
  }
}

function valueOf(cell: NonNullable<ReturnType<typeof cellAt>>): Value {
  switch (typeof cell) {
    case "bigint": {
      const n = Number(cell);
      return Number.isSafeInteger(n) ? n : cell;
    }
    case "object":
      return JSON.stringify(cell);
    case "boolean":
      return Number(cell);
    default:
      return cell as Value;
  }
}
