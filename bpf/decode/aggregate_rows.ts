import { type Batch, cellAt, type Column, columnFrom } from "../../core/data/mod.ts";
import type { BucketState } from "../../core/query/aggregates/buckets.ts";
import { AGGREGATES, aggregateType } from "../../core/query/aggregates/table.ts";
import { fieldOf } from "../../core/query/batch_ops.ts";
import type { AggregateSpec, ValueType } from "../../core/query/mod.ts";
import { constantArguments, type StateLayout, type StatePart, type Struct } from "../codegen/layout.ts";
import type { MapEntries } from "../kernel/map.ts";
import { structReader } from "./struct_reader.ts";

/** The result of an aggregation, and how many events are in it. */
export interface AggregateRows {
  readonly batch: Batch;
  readonly events: number;
}

/** The maps of an aggregation. */
export interface AggregateMaps {
  readonly states: Iterable<MapEntries>;
  /** Counts keyed (key…, set, index); none without quantiles and histograms. */
  readonly buckets: Iterable<MapEntries>;
}

/** What the maps hold, and what is to be made of it. */
export interface AggregateShape {
  readonly keys: Struct;
  readonly states: StateLayout;
  readonly aggregates: readonly AggregateSpec[];
  /** Possible CPUs. */
  readonly cpus: number;
  /** Length of the window. */
  readonly durationNs: number;
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

/** Merges the CPUs' states of each key and makes the table: keys, then aggregates. */
export function aggregateRows(maps: AggregateMaps, shape: AggregateShape): AggregateRows {
  const { keys, states, aggregates, cpus, durationNs } = shape;
  const reader = structReader(keys);
  const groups: Group[] = [];
  const byKey = new Map<string, number>();
  let events = 0;
  for (const { count, keys: bytes, values, valueStride } of maps.states) {
    const words = new Uint32Array(bytes.buffer);
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      const group = mergeCpus(view, i * valueStride, valueStride / cpus, cpus, states);
      // An entry whose event was interrupted by the end of the window has no row yet.
      if (group.rows === 0 && keys.bytes > 0) continue;
      if (keys.bytes > 0) reader.read(bytes, words, i * keys.bytes);
      if (states.bucketSets.length > 0) byKey.set(keyText(bytes, i * keys.bytes, keys.bytes), groups.length);
      groups.push(group);
      events += group.rows;
    }
  }
  const found = keys.bytes > 0 ? reader.take() : { length: groups.length, fields: [], columns: [] };
  const { columns, rows, place } = mergeEqual(found, groups, states);
  const types = aggregates.map(resultType);
  const results = states.parts.map((part, i) => part.fn === "buckets" ? null : resultColumn(part, i, types[i], rows));
  const sets = readBuckets(maps.buckets, shape, (key) => {
    const group = byKey.get(key);
    return group === undefined ? -1 : place[group];
  });
  return {
    events,
    batch: {
      length: rows.length,
      fields: [...found.fields, ...aggregates.map((a, i) => fieldOf(a.name, types[i]))],
      columns: [
        ...columns,
        ...results.map((column, i) =>
          column ?? bucketColumn(aggregates[i], sets[states.parts[i].off], rows.length, durationNs)
        ),
      ],
    },
  };
}

/** Counts of one set of buckets. */
type Counts = (readonly [group: number, index: number, count: number])[];

function readBuckets(
  chunks: Iterable<MapEntries>,
  { keys, states, cpus }: AggregateShape,
  groupOf: (key: string) => number,
): Counts[] {
  const sets: Counts[] = states.bucketSets.map(() => []);
  const keyBytes = keys.bytes + 8;
  for (const { count, keys: bytes, values, valueStride } of chunks) {
    const words = new DataView(bytes.buffer);
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      const at = i * keyBytes;
      const group = groupOf(keyText(bytes, at, keys.bytes));
      if (group < 0) continue;
      let n = 0;
      for (let cpu = 0; cpu < cpus; cpu++) n += Number(view.getBigUint64(i * valueStride + cpu * 8, true));
      sets[words.getUint32(at + keys.bytes, true)].push([group, words.getInt32(at + keys.bytes + 4, true), n]);
    }
  }
  return sets;
}

/** A quantile or histogram, made by the same code that makes it from rows. */
function bucketColumn(spec: AggregateSpec, counts: Counts, groupCount: number, durationNs: number): Column {
  const aggregate = AGGREGATES.get(spec.fn)!;
  const types = [spec.args[0].t];
  const constants = constantArguments(spec.args)!;
  const state = aggregate.create(types, constants) as BucketState;
  for (const [group, index, n] of counts) state.counts.add(group, index, n);
  return aggregate.result(state, { groupCount, durationNs, types, constants });
}

/** Bytes as text, to be found again in a map. */
function keyText(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

function mergeCpus(view: DataView, at: number, stride: number, cpus: number, states: StateLayout): Group {
  const group: Group = { rows: 0, states: states.parts.map(() => ({ count: 0, value: 0n })) };
  for (let cpu = 0; cpu < cpus; cpu++) {
    const base = at + cpu * stride;
    const rows = Number(view.getBigUint64(base, true));
    if (rows === 0) continue;
    group.rows += rows;
    states.parts.forEach((part, i) => {
      if (part.fn === "buckets") return;
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

interface Merged {
  readonly columns: readonly Column[];
  readonly rows: readonly Group[];
  /** Row of each group. */
  readonly place: readonly number[];
}

/** Keys whose bytes differ but which decode to the same text (they are no UTF-8) are one group. */
function mergeEqual(found: Batch, groups: readonly Group[], states: StateLayout): Merged {
  const texts = found.columns.filter((c) => c.kind === "string");
  const suspicious = texts.some((c) => c.dict.some((text) => text.includes("\ufffd")));
  if (!suspicious) return { columns: found.columns, rows: groups, place: groups.map((_, i) => i) };
  const index = new Map<string, number>();
  const kept: number[] = [];
  const place = groups.map((group, row) => {
    const key = JSON.stringify(found.columns.map((c) => String(cellAt(c, row))));
    const first = index.get(key);
    if (first === undefined) {
      index.set(key, kept.length);
      return kept.push(row) - 1;
    }
    const into = groups[kept[first]];
    into.rows += group.rows;
    states.parts.forEach((part, i) => {
      const { count, value } = group.states[i];
      if (count > 0) addState(into.states[i], part, count, value);
    });
    return first;
  });
  const columns = found.columns.map((c, i) => columnFrom(kept.map((row) => cellAt(c, row)), found.fields[i].unsigned));
  return { columns, rows: kept.map((row) => groups[row]), place };
}

function resultType(a: AggregateSpec): ValueType {
  const t = aggregateType(a.fn, a.args.map((arg) => arg.t));
  if ("error" in t) throw new TypeError(t.error);
  return t;
}

function resultColumn(part: StatePart, i: number, t: ValueType, rows: readonly Group[]): Column {
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
