import { type Batch, type Cell, cellAt, type Column, columnFrom, type Frame } from "../../core/data/mod.ts";
import type { BucketState } from "../../core/query/aggregates/buckets.ts";
import { AGGREGATES, aggregateType } from "../../core/query/aggregates/table.ts";
import { fieldOf, takeColumn } from "../../core/query/batch_ops.ts";
import { type ByteIndex, byteIndex } from "../../core/query/columns/byte_index.ts";
import type { AggregateSpec, ValueType } from "../../core/query/mod.ts";
import { KEY_SUFFIX_BYTES } from "../codegen/aggregate.ts";
import { SET_SHIFT } from "../codegen/buckets.ts";
import { constantArguments, type StateLayout, type StatePart, type Struct } from "../codegen/layout.ts";
import type { MapEntries } from "../kernel/map.ts";
import { type Meanings, structReader } from "./struct_reader.ts";

/** The result of an aggregation, and how many events are in it. */
export interface AggregateRows {
  readonly batch: Batch;
  readonly events: number;
  /** Events of keys beyond the limit. */
  readonly lost: number;
}

/** The maps of an aggregation. */
export interface AggregateMaps {
  readonly states: Iterable<MapEntries>;
  /** Counts keyed (key…, CPU and set, index); none without quantiles and histograms. */
  readonly buckets: Iterable<MapEntries>;
}

/** What the maps hold, and what is to be made of it. */
export interface AggregateShape {
  readonly keys: Struct;
  readonly states: StateLayout;
  readonly aggregates: readonly AggregateSpec[];
  readonly maxKeys: number;
  /** CPUs that there may ever be. */
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

/** Puts the CPUs' states of each key together and makes the table: keys, then aggregates. */
export function aggregateRows(maps: AggregateMaps, shape: AggregateShape, meanings: Meanings): AggregateRows {
  const { keys, states, aggregates, durationNs } = shape;
  const index = byteIndex();
  const { found, groups, lost } = keys.bytes > 0
    ? keyedGroups(maps.states, shape, index, meanings)
    : allEvents(maps.states, shape);
  const { columns, rows, place } = mergeEqual(found, groups, shape);
  const types = aggregates.map(resultType);
  const sets = readBuckets(maps.buckets, shape, (bytes, from, to) => {
    if (keys.bytes === 0) return 0;
    const group = index.find(bytes, from, to, false);
    return group < 0 ? -1 : place[group];
  });
  return {
    // Of the merged groups: those that were put into others still have their own.
    events: rows.reduce((n, g) => n + g.rows, 0),
    lost,
    batch: {
      length: rows.length,
      fields: [...found.fields, ...aggregates.map((a, i) => fieldOf(a.name, types[i]))],
      columns: [
        ...columns,
        ...states.parts.map((part, i) =>
          part.fn === "buckets"
            ? bucketColumn(aggregates[i], sets[part.off], rows.length, durationNs)
            : resultColumn(part, i, types[i], rows)
        ),
      ],
    },
  };
}

interface Groups {
  readonly found: Batch;
  readonly groups: readonly Group[];
  readonly lost: number;
}

function newGroup(states: StateLayout): Group {
  return { rows: 0, states: states.parts.map(() => ({ count: 0, value: 0n })) };
}

/** Entries keyed (key…, CPU). */
function keyedGroups(
  chunks: Iterable<MapEntries>,
  { keys, states, maxKeys }: AggregateShape,
  index: ByteIndex,
  meanings: Meanings,
): Groups {
  const reader = structReader(keys, meanings);
  const groups: Group[] = [];
  let lost = 0;
  for (const { count, keys: bytes, values, valueStride } of chunks) {
    const words = new Uint32Array(bytes.buffer);
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      const rows = Number(view.getBigUint64(i * valueStride, true));
      // An entry whose event was interrupted by the end of the window has no row yet.
      if (rows === 0) continue;
      const at = i * (keys.bytes + KEY_SUFFIX_BYTES);
      const number = index.find(bytes, at, at + keys.bytes, groups.length < maxKeys);
      if (number < 0) {
        lost += rows;
        continue;
      }
      if (number === groups.length) {
        groups.push(newGroup(states));
        reader.read(bytes, words, at);
      }
      addEntry(groups[number], view, i * valueStride, states);
    }
  }
  return { found: reader.take(), groups, lost };
}

/** The one entry of an aggregation without keys, with a value for each CPU. There is always one row. */
function allEvents(chunks: Iterable<MapEntries>, { states, cpus }: AggregateShape): Groups {
  const group = newGroup(states);
  for (const { count, values, valueStride } of chunks) {
    if (count === 0) continue;
    const view = new DataView(values.buffer);
    for (let cpu = 0; cpu < cpus; cpu++) addEntry(group, view, cpu * valueStride / cpus, states);
  }
  return { found: { length: 1, fields: [], columns: [] }, groups: [group], lost: 0 };
}

function addEntry(group: Group, view: DataView, at: number, states: StateLayout): void {
  group.rows += Number(view.getBigUint64(at, true));
  states.parts.forEach((part, i) => {
    if (part.fn === "buckets") return;
    const count = Number(view.getBigUint64(at + part.countOff, true));
    if (count > 0) addState(group.states[i], part, count, readValue(view, at + part.off, part));
  });
}

/** Counts of one set of buckets. */
type Counts = (readonly [group: number, index: number, count: number])[];

function readBuckets(
  chunks: Iterable<MapEntries>,
  { keys, states }: AggregateShape,
  groupOf: (bytes: Uint8Array, from: number, to: number) => number,
): Counts[] {
  const sets: Counts[] = states.bucketSets.map(() => []);
  for (const { count, keys: bytes, values, valueStride } of chunks) {
    const words = new DataView(bytes.buffer);
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      const at = i * (keys.bytes + KEY_SUFFIX_BYTES);
      const suffix = at + keys.bytes;
      const group = groupOf(bytes, at, suffix);
      if (group < 0) continue;
      const set = words.getUint32(suffix, true) >>> SET_SHIFT;
      sets[set].push([group, words.getInt32(suffix + 4, true), Number(view.getBigUint64(i * valueStride, true))]);
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

/**
 * Keys whose bytes differ but which mean the same are one group: texts that are no UTF-8, control groups of one
 * container, addresses in one function, stacks of several processes through the same functions.
 */
function mergeEqual(found: Batch, groups: readonly Group[], { keys, states }: AggregateShape): Merged {
  const texts = found.columns.filter((c) => c.kind === "string");
  const suspicious = keys.parts.some((p) => p.kind === "stack" || p.kind === "name" || p.kind === "symbol") ||
    texts.some((c) => c.dict.some((text) => text.includes("\ufffd")));
  if (!suspicious) return { columns: found.columns, rows: groups, place: groups.map((_, i) => i) };
  const index = new Map<string, number>();
  const kept: number[] = [];
  const place = groups.map((group, row) => {
    const key = JSON.stringify(found.columns.map((c) => keyText(cellAt(c, row))));
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
  const keptRows = Int32Array.from(kept);
  const columns = found.columns.map((c) => takeColumn(c, keptRows));
  return { columns, rows: kept.map((row) => groups[row]), place };
}

/** What a key means, as text. */
function keyText(cell: Cell): string | null {
  if (cell === null) return null;
  if (!Array.isArray(cell)) return String(cell);
  return (cell as Frame[]).map((f) => `${f.function}\0${f.module}`).join("\x01");
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
