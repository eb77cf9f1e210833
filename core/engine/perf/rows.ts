import type { Batch, Field } from "../../data/mod.ts";
import { fieldOf, valueType } from "../../query/mod.ts";
import type { RolePlan } from "./plan.ts";
import { type Reader, sampleColumn, type SampleContext } from "./sample_reader.ts";

/** Name of the column with the monotonic time of pairs' sides: no field of the language is called so. */
export const AT = "\0at";

/** Rows of the events of one role, under way. */
export interface Rows {
  readonly fields: readonly Field[];
  readonly length: number;
  /**
   * Appends a row.
   *
   * @param probe index among the role's points
   * @param at of the sample's header
   * @param raw of its own record, see {@linkcode recordAt}
   */
  add(probe: number, words: Uint32Array, at: number, raw: number): void;
  /** The rows so far; starts over. */
  take(): Batch;
}

/** @param timed adds the column {@linkcode AT} */
export function createRows(role: RolePlan, timed: boolean, cx: SampleContext): Rows {
  const wanted = timed ? [...role.fields, { name: AT, t: valueType("duration", true) }] : role.fields;
  const columns = wanted.map((f) => sampleColumn(f.name === AT ? { ...f, name: "ktime" } : f, cx));
  const fields = wanted.map((f) => fieldOf(f.name, f.t));
  const readers = role.points.map((p, i): Reader[] => columns.map((c) => c.reader(p.args, role.names[i], p.event.raw)));
  let length = 0;
  return {
    fields,
    get length() {
      return length;
    },
    add(probe, words, at, raw): void {
      const list = readers[probe];
      for (let i = 0; i < list.length; i++) list[i](words, at, raw);
      length++;
    },
    take(): Batch {
      const batch = { length, fields, columns: columns.map((c) => c.take()) };
      length = 0;
      return batch;
    },
  };
}
