import { type Batch, cellAt, type Column, columnFrom } from "../../core/data/mod.ts";
import { aggregateType } from "../../core/query/aggregates/table.ts";
import { fieldOf } from "../../core/query/batch_ops.ts";
import type { AggregateSpec, ValueType } from "../../core/query/mod.ts";
import type { StateLayout, StatePart, Struct } from "../codegen/layout.ts";
import type { MapEntries } from "../kernel/map.ts";
import { structReader } from "./struct_reader.ts";

/** The result of an aggregation, and how many events are in it. */
export interface AggregateRows {
  readonly batch: Batch;
  readonly events: number;
}

/** One state over all CPUs. */
interface State {
  count: number;
  /** Sum or extreme, exact. */
  value: bigint;
}

interface Group {
  rows: number;
  readonly states: State[];
}

/**
 * Merges the CPUs' states of each key and makes the table: keys, then aggregates.
 *
 * @param cpus possible CPUs
 * @param durationNs length of the window
 */
export function aggregateRows(
  chunks: Iterable<MapEntries>,
  keys: Struct,
  states: StateLayout,
  aggregates: readonly AggregateSpec[],
  cpus: number,
  durationNs: number,
): AggregateRows {
  const reader = structReader(keys);
  const groups: Group[] = [];
  let events = 0;
  for (const { count, keys: bytes, values, valueStride } of chunks) {
    const words = new Uint32Array(bytes.buffer);
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      const group = mergeCpus(view, i * valueStride, valueStride / cpus, cpus, states);
      // An entry whose event was interrupted by the end of the window has no row yet.
      if (group.rows === 0 && keys.bytes > 0) continue;
      if (keys.bytes > 0) reader.read(bytes, words, i * keys.bytes);
      groups.push(group);
      events += group.rows;
    }
  }
  const found = keys.bytes > 0 ? reader.take() : { length: groups.length, fields: [], columns: [] };
  const { columns, rows } = mergeEqual(found, groups, states);
  const types = aggregates.map((a) => resultType(a));
  return {
    events,
    batch: {
      length: rows.length,
      fields: [...found.fields, ...aggregates.map((a, i) => fieldOf(a.name, types[i]))],
      columns: [...columns, ...states.parts.map((p, i) => resultColumn(p, i, types[i], rows, durationNs))],
    },
  };
}

function mergeCpus(view: DataView, at: number, stride: number, cpus: number, states: StateLayout): Group {
  const group: Group = { rows: 0, states: states.parts.map(() => ({ count: 0, value: 0n })) };
  for (let cpu = 0; cpu < cpus; cpu++) {
    const base = at + cpu * stride;
    const rows = Number(view.getBigUint64(base, true));
    if (rows === 0) continue;
    group.rows += rows;
    states.parts.forEach((part, i) => {
      const count = Number(view.getBigUint64(base + part.countOff, true));
      if (count > 0) addState(group.states[i], part, count, readValue(view, base + part.off, part));
    });
  }
  return group;
}

function readValue(view: DataView, at: number, part: StatePart): bigint {
  switch (part.fn) {
    case "count":
      return 0n;
    case "avg":
      return (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    default:
      return part.unsigned ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
  }
}

function addState(to: State, part: StatePart, count: number, value: bigint): void {
  switch (part.fn) {
    case "sum":
    case "avg":
      to.value += value;
      break;
    case "min":
      if (to.count === 0 || value < to.value) to.value = value;
      break;
    case "max":
      if (to.count === 0 || value > to.value) to.value = value;
      break;
  }
  to.count += count;
}

/** Keys whose bytes differ but which decode to the same text (they are no UTF-8) are one group. */
function mergeEqual(
  found: Batch,
  groups: readonly Group[],
  states: StateLayout,
): { columns: readonly Column[]; rows: readonly Group[] } {
  const texts = found.columns.filter((c) => c.kind === "string");
  const suspicious = texts.some((c) => c.dict.some((text) => text.includes("\ufffd")));
  if (!suspicious) return { columns: found.columns, rows: groups };
  const index = new Map<string, Group>();
  const kept: number[] = [];
  groups.forEach((group, row) => {
    const key = JSON.stringify(found.columns.map((c) => String(cellAt(c, row))));
    const first = index.get(key);
    if (!first) {
      index.set(key, group);
      kept.push(row);
      return;
    }
    first.rows += group.rows;
    states.parts.forEach((part, i) => {
      const { count, value } = group.states[i];
      if (count > 0) addState(first.states[i], part, count, value);
    });
  });
  const columns = found.columns.map((c, i) => columnFrom(kept.map((row) => cellAt(c, row)), found.fields[i].unsigned));
  return { columns, rows: kept.map((row) => groups[row]) };
}

function resultType(a: AggregateSpec): ValueType {
  const t = aggregateType(a.fn, a.args.map((arg) => arg.t));
  if ("error" in t) throw new TypeError(t.error);
  return t;
}

function resultColumn(part: StatePart, i: number, t: ValueType, rows: readonly Group[], _durationNs: number): Column {
  const whole = t.type === "duration" || t.type === "bytes";
  const cells = rows.map(({ states }): number | bigint | null => {
    const { count, value } = states[i];
    if (part.fn === "count") return count;
    if (count === 0) return null;
    switch (part.fn) {
      case "avg": {
        const mean = Number(value) / count;
        return whole ? Math.round(mean) : mean;
      }
      case "sum":
        return t.unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
      default:
        return value;
    }
  });
  return columnFrom(cells, t.unsigned);
}
