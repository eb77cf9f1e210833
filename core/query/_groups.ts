import { type Cell, cellAt, type Column, columnFrom, type Frame } from "../data/mod.ts";
import { growInts } from "./aggregates/grow.ts";

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
  const interners = Array.from({ length: keys }, interner);
  // combine[k] numbers the pairs of (combination of the keys before k, id of key k).
  const combine = Array.from({ length: keys }, () => new Map<number, number>());
  let size = keys === 0 ? 1 : 0;
  // The id of each key's value for each group.
  const parts: Int32Array[] = Array.from({ length: keys }, () => new Int32Array(16));

  return {
    get size() {
      return size;
    },
    assign(columns, rows): Int32Array {
      const groups = new Int32Array(rows);
      if (keys === 0) return groups;
      // Once there are enough groups, values never seen before need not be remembered.
      const ids = columns.map((c, k) => interners[k].ids(c, rows, size >= maxGroups));
      const last = keys - 1;
      for (let i = 0; i < rows; i++) {
        let g = 0;
        for (let k = 0; k <= last; k++) {
          const id = ids[k][i];
          const map = combine[k];
          let next = id < 0 ? undefined : map.get(g * 0x400_0000 + id);
          if (next === undefined) {
            if (id < 0 || size >= maxGroups) {
              g = -1;
              break;
            }
            next = map.size;
            map.set(g * 0x400_0000 + id, next);
            if (k === last) {
              size++;
              for (let j = 0; j < keys; j++) {
                parts[j] = growInts(parts[j], size);
                parts[j][next] = ids[j][i];
              }
            }
          }
          g = next;
        }
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

interface Interner {
  readonly values: readonly Cell[];
  /** @param frozen values not known yet get -1 */
  ids(column: Column, rows: number, frozen: boolean): Int32Array;
}

/** Numbers the different values of one key; null is a value, and equal integers are equal in any representation. */
function interner(): Interner {
  const known = new Map<unknown, number>();
  const values: Cell[] = [];
  let closed = false;
  const idOf = (key: unknown, value: Cell): number => {
    let id = known.get(key);
    if (id === undefined) {
      if (closed) return -1;
      id = values.length;
      known.set(key, id);
      values.push(value);
    }
    return id;
  };
  return {
    values,
    ids(column, rows, frozen): Int32Array {
      closed = frozen;
      const out = new Int32Array(rows);
      switch (column.kind) {
        case "string": {
          const codes = new Int32Array(column.dict.length).fill(-2);
          for (let i = 0; i < rows; i++) {
            const code = column.codes[i];
            if (code < 0) out[i] = idOf(null, null);
            else {
              if (codes[code] === -2) codes[code] = idOf(column.dict[code], column.dict[code]);
              out[i] = codes[code];
            }
          }
          return out;
        }
        case "number": {
          const { values: v, nulls } = column;
          for (let i = 0; i < rows; i++) out[i] = nulls && nulls[i] !== 0 ? idOf(null, null) : idOf(v[i], v[i]);
          return out;
        }
        case "big":
          for (let i = 0; i < rows; i++) {
            const cell = cellAt(column, i);
            const small = typeof cell === "bigint" ? Number(cell) : cell;
            const key = Number.isSafeInteger(small) ? small : cell;
            out[i] = idOf(key, key as Cell);
          }
          return out;
        case "object": {
          // The same object is the common case: frames are shared between rows.
          const seen = new Map<unknown, number>();
          for (let i = 0; i < rows; i++) {
            const cell = cellAt(column, i);
            let id = seen.get(cell);
            if (id === undefined) {
              id = idOf(cell === null ? null : objectKey(cell), cell);
              seen.set(cell, id);
            }
            out[i] = id;
          }
          return out;
        }
      }
    },
  };
}

/**
 * What makes two cells one group. Stacks are the same when their functions are: the addresses within, and so the lines,
 * differ with every caller's loop, and engines that group them elsewhere tell them apart by names as well.
 */
function objectKey(cell: Cell): string {
  if (!Array.isArray(cell)) return JSON.stringify(cell);
  return JSON.stringify((cell as readonly Frame[]).map((f) => [f.function, f.module]));
}
