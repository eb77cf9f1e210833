import { type Column, columnFrom } from "../data/mod.ts";
import { growInts } from "./aggregates/grow.ts";
import { interner } from "./_interner.ts";
import { type PairIndex, pairIndex } from "./_pair_index.ts";

/** Numbers the distinct combinations of key values, across batches. */
export interface GroupIndex {
  /** Number of groups. */
  readonly size: number;
  /**
   * The group of each row, -1 for rows whose group would be one too many.
   *
   * @param columns one for each key
   */
  assign(columns: readonly Column[], rows: number): Int32Array;
  /** The values of a key, group by group. */
  keyColumn(key: number, unsigned?: boolean): Column;
}

/** @param maxGroups more distinct combinations than this are refused */
export function groupIndex(keys: number, maxGroups = Infinity): GroupIndex {
  if (keys === 0) return noKeys();
  return keys === 1 ? oneKey(maxGroups) : manyKeys(keys, maxGroups);
}

function noKeys(): GroupIndex {
  return {
    size: 1,
    assign: (_columns, rows) => new Int32Array(rows),
    keyColumn(): Column {
      throw new RangeError("there are no keys");
    },
  };
}

/** The values are the groups. */
function oneKey(maxGroups: number): GroupIndex {
  const { values, ids } = interner();
  return {
    get size() {
      return values.length;
    },
    assign: ([column], rows) => ids(column, rows, maxGroups),
    keyColumn: (_key, unsigned) => columnFrom(values, unsigned),
  };
}

function manyKeys(keys: number, maxGroups: number): GroupIndex {
  const interners = Array.from({ length: keys }, interner);
  // combine[k] numbers the pairs of (combination of the keys up to k, number of key k + 1); the last ones are the groups.
  const combine = Array.from({ length: keys - 1 }, pairIndex);
  const all = combine[keys - 2];
  // The number of each key's value for each group.
  const parts: Int32Array[] = Array.from({ length: keys }, () => new Int32Array(16));
  let size = 0;

  const remember = (ids: readonly Int32Array[], row: number): void => {
    for (let k = 0; k < keys; k++) {
      parts[k] = growInts(parts[k], size + 1);
      parts[k][size] = ids[k][row];
    }
    size++;
  };
  return {
    get size() {
      return size;
    },
    assign(columns, rows): Int32Array {
      // Once there are enough groups, what was never seen before need not be remembered.
      const open = size < maxGroups;
      const ids = columns.map((c, k) => interners[k].ids(c, rows, open ? Infinity : 0));
      const groups = ids[0].slice();
      for (let k = 1; k < keys - 1; k++) combinePairs(groups, ids[k], combine[k - 1], open);
      const last = ids[keys - 1];
      for (let i = 0; i < rows; i++) {
        if (groups[i] < 0 || last[i] < 0) {
          groups[i] = -1;
          continue;
        }
        const g = all.find(groups[i], last[i], size < maxGroups);
        if (g === size) remember(ids, i);
        groups[i] = g;
      }
      return groups;
    },
    keyColumn(key, unsigned): Column {
      const { values } = interners[key];
      return columnFrom(Array.from(parts[key].subarray(0, size), (id) => values[id]), unsigned);
    },
  };
}

/** Makes of each row's combination so far the one with its next value. */
function combinePairs(groups: Int32Array, ids: Int32Array, index: PairIndex, add: boolean): void {
  for (let i = 0; i < groups.length; i++) {
    groups[i] = groups[i] < 0 || ids[i] < 0 ? -1 : index.find(groups[i], ids[i], add);
  }
}
