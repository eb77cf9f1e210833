import type { Batch, Cell, Column, Field } from "../../data/mod.ts";
import { cellAt } from "../../data/mod.ts";
import {
  type ColumnFn,
  compileExpr,
  concatBatches,
  type Expr,
  fieldOf,
  takeColumn,
  takeColumnOrNull,
  takeRows,
} from "../../query/mod.ts";
import type { JoinedField } from "./plan.ts";
import { AT } from "./rows.ts";

/** What an event is to a pair. GAP is none: events were lost, and with them perhaps ends and the starts after them. */
export const SIDE = { START: 0, END: 1, CANCEL: 2, MARK: 3, GAP: 4 } as const;

/** The rows of one side and the key among them. */
export interface PairSide {
  readonly fields: readonly Field[];
  readonly key: readonly Expr[];
}

/** Starts and ends, put together in the order of time. */
export interface Pairs {
  /** Starts that are open. */
  readonly inFlight: number;
  readonly unmatchedEnds: number;
  readonly replaced: number;
  /** Starts that found too many open. */
  readonly lost: number;
  /** Starts that were open at a gap: what ends them later may be the end of another. */
  readonly doubtful: number;
  readonly fields: readonly Field[];
  /**
   * Takes events and answers the pairs that they complete, in the order of their ends.
   *
   * @param rows of each {@linkcode SIDE}, by its number
   * @param order the side of each event; the rows of each side are in that order, a gap has none
   */
  match(rows: readonly Batch[], order: Uint8Array): Batch;
}

/**
 * Matches by key, as the `pair` of SourceSpec says. A null in a key matches nothing.
 *
 * @param maxInFlight most starts that are open at a time
 * @param nested an end is of the last start of its key that is open, instead of a start replacing the one before it
 */
export function createPairs(
  sides: { readonly start: PairSide; readonly end: PairSide; readonly cancel: PairSide; readonly mark: PairSide },
  joined: readonly JoinedField[],
  maxInFlight: number,
  nested = false,
): Pairs {
  const keyOf = (s: PairSide): ColumnFn[] => s.key.map((e) => compileExpr(e, s.fields));
  const startKey = keyOf(sides.start);
  const endKey = keyOf(sides.end);
  const cancelKey = keyOf(sides.cancel);
  const markKey = keyOf(sides.mark);
  const fields = joined.map((f) => fieldOf(f.name, f.t));
  const indexIn = (side: PairSide, name: string): number => side.fields.findIndex((f) => f.name === name);
  const startAt = indexIn(sides.start, AT);
  const endAt = indexIn(sides.end, AT);
  // Rows of earlier batches whose starts are open; their numbers come before those of the next batch.
  let open: Batch | null = null;
  let inFlight = new Map<unknown, number>();
  // The same of marks: the last of each open start that has one.
  let openMarks: Batch | null = null;
  let marks = new Map<unknown, number>();
  // How many starts of a key are open, when they nest.
  const depths = new Map<unknown, number>();
  const keyAt = (key: unknown, depth: number): unknown => depth === 0 ? key : `${depth}\0${key}`;
  let unmatchedEnds = 0;
  let replaced = 0;
  let lost = 0;
  let doubtful = 0;

  return {
    fields,
    get inFlight() {
      return inFlight.size;
    },
    get unmatchedEnds() {
      return unmatchedEnds;
    },
    get replaced() {
      return replaced;
    },
    get lost() {
      return lost;
    },
    get doubtful() {
      return doubtful;
    },
    match(rows, order): Batch {
      const ends = rows[SIDE.END];
      const before = open?.length ?? 0;
      const all = behind(open, rows[SIDE.START]);
      const marksBefore = openMarks?.length ?? 0;
      const allMarks = behind(openMarks, rows[SIDE.MARK]);
      const keys = [startKey, endKey, cancelKey, markKey].map((fns, side) => {
        const batch = rows[side];
        return batch.length === 0 ? [] : rowKeys(fns.map((f) => f(batch)), batch.length);
      });
      const next = [0, 0, 0, 0];
      const startRows: number[] = [];
      const endRows: number[] = [];
      const markRows: number[] = [];
      for (const side of order) {
        if (side === SIDE.GAP) {
          doubtful += inFlight.size;
          inFlight.clear();
          marks.clear();
          depths.clear();
          continue;
        }
        const row = next[side]++;
        let key = keys[side][row];
        if (key === undefined) continue;
        if (nested) {
          const depth = depths.get(key) ?? 0;
          if (side === SIDE.START) {
            depths.set(key, depth + 1);
            key = keyAt(key, depth);
          } else if (side === SIDE.END) {
            if (depth > 1) depths.set(key, depth - 1);
            else depths.delete(key);
            key = keyAt(key, Math.max(0, depth - 1));
          }
        }
        const found = inFlight.get(key);
        switch (side) {
          case SIDE.START:
            if (found !== undefined) replaced++;
            if (found === undefined && inFlight.size >= maxInFlight) lost++;
            else inFlight.set(key, before + row);
            marks.delete(key);
            break;
          case SIDE.END:
            if (found === undefined) {
              unmatchedEnds++;
              break;
            }
            inFlight.delete(key);
            startRows.push(found);
            endRows.push(row);
            markRows.push(marks.get(key) ?? -1);
            marks.delete(key);
            break;
          case SIDE.MARK:
            if (found !== undefined) marks.set(key, marksBefore + row);
            break;
          default:
            inFlight.delete(key);
            marks.delete(key);
        }
      }
      const out = join([all, startRows], [ends, endRows], [allMarks, markRows]);
      [open, inFlight] = kept(all, inFlight);
      [openMarks, marks] = kept(allMarks, marks);
      return out;
    },
  };

  function join(...picked: readonly (readonly [rows: Batch, numbers: readonly number[]])[]): Batch {
    const [starts, ends, marked] = picked.map(([rows]) => rows);
    const [startRows, endRows, markRows] = picked.map(([, numbers]) => Int32Array.from(numbers));
    const columns = joined.map((f): Column => {
      switch (f.from) {
        case "duration":
          return durations(takeColumn(starts.columns[startAt], startRows), takeColumn(ends.columns[endAt], endRows));
        case "start":
          return takeColumn(starts.columns[indexIn(sides.start, f.field)], startRows);
        case "end":
          return takeColumn(ends.columns[indexIn(sides.end, f.field)], endRows);
        case "mark":
          return takeColumnOrNull(marked.columns[indexIn(sides.mark, f.field)], markRows);
        case "errno":
          return errnos(takeColumn(ends.columns[indexIn(sides.end, f.field)], endRows));
      }
    });
    return { length: endRows.length, fields, columns };
  }
}

/** New rows behind those that were kept. */
function behind(kept: Batch | null, rows: Batch): Batch {
  return kept && kept.length > 0 ? concatBatches(rows.fields, [kept, rows]) : rows;
}

/** The rows that are still wanted, and their new numbers. */
function kept(rows: Batch, wanted: ReadonlyMap<unknown, number>): [Batch, Map<unknown, number>] {
  let place = 0;
  const moved = new Map<unknown, number>();
  for (const key of wanted.keys()) moved.set(key, place++);
  return [takeRows(rows, Int32Array.from(wanted.values())), moved];
}

/** One key a row that a Map can hold; undefined where a part is null. */
function rowKeys(columns: readonly Column[], rows: number): unknown[] {
  const [first] = columns;
  if (columns.length === 1 && first.kind === "number" && !first.nulls) return Array.from(first.values);
  return Array.from({ length: rows }, (_, row) => {
    const cells = columns.map((c) => plain(cellAt(c, row)));
    if (cells.includes(null)) return undefined;
    return cells.length === 1 ? cells[0] : cells.map((c) => typeof c === "string" ? JSON.stringify(c) : c).join();
  });
}

/** Equal integers are one key in any representation. */
function plain(cell: Cell): Cell {
  if (typeof cell !== "bigint") return cell;
  const small = Number(cell);
  return Number.isSafeInteger(small) ? small : cell;
}

/** Differences of times in ns: exact, though the times of a machine that is up for long are no exact doubles. */
function durations(from: Column, to: Column): Column {
  const n = to.kind === "number" || to.kind === "big" ? to.values.length : 0;
  const values = new Float64Array(n);
  if (from.kind === "number" && to.kind === "number") {
    for (let i = 0; i < n; i++) values[i] = to.values[i] - from.values[i];
  } else {
    for (let i = 0; i < n; i++) {
      values[i] = Number(BigInt(cellAt(to, i) as number | bigint) - BigInt(cellAt(from, i) as number | bigint));
    }
  }
  return { kind: "number", values };
}

/** The kernel answers errors as numbers from -4095 to -1. */
function errnos(results: Column): Column {
  const n = results.kind === "number" || results.kind === "big" ? results.values.length : 0;
  const values = new Float64Array(n);
  const nulls = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const ret = Number(cellAt(results, i) ?? 0);
    if (ret < 0 && ret >= -4095) values[i] = -ret;
    else nulls[i] = 1;
  }
  return { kind: "number", values, nulls };
}
