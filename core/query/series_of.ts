import { type Batch, cellAt, type Quality, type Series, type SeriesLine, type Unit } from "../data/mod.ts";
import { cellText } from "./_cell_text.ts";
import { doublesOf, namedColumn } from "./_named_columns.ts";
import { relativeTimes } from "./_times.ts";
import type { Expr } from "./expr.ts";
import { groupRows } from "./group_rows.ts";

/** Which columns make the lines. */
export interface SeriesSpec {
  /** Name of a column of type time. */
  readonly time: string;
  /** Name of a column of numbers. */
  readonly value: string;
  /** Names of columns; each combination of their values is a line. */
  readonly keys: readonly string[];
  readonly unit: Unit;
}

/**
 * Lines over time from rows: one for each combination of keys, in the order in which they came, named by the keys' values
 * joined with `, ` (without keys: by the value's column); points by time, those of one time in the order of the rows. Rows
 * without a time or value are left out: gaps stay gaps.
 *
 * @throws {TypeError} when a column is not there, or the values are no numbers
 */
export function seriesOf(batch: Batch, spec: SeriesSpec, quality: Quality): Series {
  const values = doublesOf(namedColumn(batch, spec.value), batch.length);
  const times = namedColumn(batch, spec.time).column;
  const keys = spec.keys.map((name) => namedColumn(batch, name));
  const { startNs, tNs } = relativeTimes(times, batch.length);
  const byKey = groupRows(batch, keys.map(({ field }): Expr => ({ op: "field", name: field.name, t: field })));
  const points: SeriesLine[] = [];
  for (const all of byKey) {
    const rows = all.filter((i) => !Number.isNaN(tNs[i]) && !Number.isNaN(values[i])).sort((i, j) =>
      tNs[i] - tNs[j] || i - j
    );
    if (rows.length === 0) continue;
    const name = keys.map(({ field, column }) => cellText(cellAt(column, rows[0]), field.type)).join(", ");
    points.push({
      name: keys.length === 0 ? spec.value : name,
      tNs: Array.from(rows, (i) => tNs[i]),
      v: Array.from(rows, (i) => values[i]),
    });
  }
  return { kind: "series", unit: spec.unit, startNs, points, quality };
}
