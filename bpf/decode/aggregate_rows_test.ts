import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, columnFrom, type Field, field, recordsOf } from "../../core/data/mod.ts";
import { AGGREGATES } from "../../core/query/aggregates/table.ts";
import type { BucketState } from "../../core/query/aggregates/buckets.ts";
import { aggregateBatch, type AggregateSpec, type Expr, literal, type NamedExpr } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import { layoutStates, layoutStruct, type StateLayout, type Struct } from "../codegen/layout.ts";
import type { MapEntries } from "../kernel/map.ts";
import { bin, f } from "../testing/specs.ts";
import { aggregateRows } from "./aggregate_rows.ts";

const RUNS = Math.max(1, Math.round(100 * Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1)));
const CPUS = 4;

/** An event, and the CPU that it happened on. */
interface Event {
  readonly cpu: number;
  readonly k: bigint;
  readonly s: bigint;
  readonly u: bigint;
  readonly d: bigint;
  readonly comm: Uint8Array;
  readonly path: Uint8Array | null;
}

const FIELDS: readonly Field[] = [
  field("k", "int"),
  field("s", "int"),
  { ...field("u", "int"), unsigned: true },
  field("d", "duration"),
  field("comm", "string"),
  field("path", "string"),
];
const k = f("k", "int"), s = f("s", "int"), u = f("u", "int u"), d = f("d", "duration");
const comm = f("comm", "string"), path = f("path", "string");
/** Null where `k` is 0. */
const sometimes = bin("%", s, k);

function access(name: string): Access {
  const word: Access = { kind: "context", offset: 0, width: 8, signed: false };
  if (name === "comm") return { kind: "builtin", name: "comm" };
  return name === "path" ? { kind: "pointed_text", pointer: word } : word;
}

/** What an expression of this test is worth, as the program computes it. */
function valueOf(e: Expr, event: Event): bigint | Uint8Array | null {
  if (e === sometimes) return event.k === 0n ? null : event.s % event.k;
  const name = e.op === "field" ? e.name : "";
  return event[name as keyof Omit<Event, "cpu">];
}

const ARGS: Readonly<Record<string, Expr>> = { s, u, d, sometimes };
const AGGREGATE_SPECS: readonly AggregateSpec[] = [
  { fn: "count", args: [], name: "count" },
  { fn: "count", args: [path], name: "count_path" },
  ...Object.entries(ARGS).flatMap(([name, arg]): AggregateSpec[] => [
    ...["count", "sum", "min", "max", "avg", "p50", "p99", "hist"].map((fn) => ({
      fn,
      args: [arg],
      name: `${fn}_${name}`,
    })),
    { fn: "quantile", args: [arg, literal(0.3, "float")], name: `q_${name}` },
    { fn: "lhist", args: [arg, literal(-50n), literal(100n), literal(7n)], name: `lhist_${name}` },
  ]),
];
const KEYS: readonly (readonly NamedExpr[])[] = [
  [],
  [{ name: "k", expr: k }],
  [{ name: "comm", expr: comm }],
  [{ name: "k", expr: k }, { name: "path", expr: path }],
  [{ name: "rest", expr: sometimes }, { name: "u", expr: u }],
];

/** One CPU's words of one key, as the program adds to them. */
interface Words {
  readonly key: Uint8Array;
  readonly words: bigint[];
}

/** The maps that the program would have filled: written from its description, not from the code that reads them. */
class Maps {
  readonly states = new Map<string, Words>();
  readonly buckets = new Map<string, Words>();
  constructor(readonly keys: Struct, readonly layout: StateLayout) {}

  add(event: Event): void {
    const key = this.key(event);
    const state = entry(this.states, withSuffix(key, event.cpu, 0), this.layout.bytes / 8);
    for (const part of this.layout.parts) {
      const value = part.arg ? valueOf(part.arg, event) : 0n;
      if (value === null || part.fn === "buckets") continue;
      const v = typeof value === "bigint" ? value : 0n;
      const at = part.off / 8, first = state.words[part.countOff / 8] === 0n;
      const old = part.unsigned ? state.words[at] : BigInt.asIntN(64, state.words[at] ?? 0n);
      if (part.fn === "sum") state.words[at] += v;
      if (part.fn === "min" && (first || v < old)) state.words[at] = v;
      if (part.fn === "max" && (first || v > old)) state.words[at] = v;
      if (part.fn === "avg") {
        const sum = (state.words[at + 1] << 64n) + state.words[at] + v;
        state.words[at] = BigInt.asUintN(64, sum);
        state.words[at + 1] = BigInt.asUintN(64, sum >> 64n);
      }
      if (part.countOff !== 0) state.words[part.countOff / 8]++;
      state.words[at] = BigInt.asUintN(64, state.words[at] ?? 0n);
    }
    // The rows last: where nothing may be null, they tell whether a state is new.
    state.words[0]++;
    this.layout.bucketSets.forEach((set, i) => {
      const value = valueOf(set.arg, event);
      if (typeof value !== "bigint") return;
      const index = set.linear ? linearIndex(value, set.linear) : bucketIndex(value);
      entry(this.buckets, withSuffix(key, event.cpu | i << 16, index), 1).words[0]++;
    });
  }

  private key(event: Event): Uint8Array {
    const bytes = new Uint8Array(this.keys.bytes);
    const view = new DataView(bytes.buffer);
    for (const part of this.keys.parts) {
      const value = valueOf(part.expr, event);
      if (value === null) view.setBigUint64(0, view.getBigUint64(0, true) | 1n << BigInt(part.nullBit!), true);
      else if (typeof value === "bigint") view.setBigUint64(part.off, BigInt.asUintN(64, value), true);
      else bytes.set(value.subarray(0, part.bytes - 1), part.off);
    }
    return bytes;
  }
}

function withSuffix(key: Uint8Array, low: number, high: number): Uint8Array {
  const out = new Uint8Array(key.length + 8);
  out.set(key);
  const view = new DataView(out.buffer);
  view.setUint32(key.length, low, true);
  view.setInt32(key.length + 4, high, true);
  return out;
}

function entry(map: Map<string, Words>, key: Uint8Array, words: number): Words {
  const text = key.join();
  const found = map.get(text) ?? { key, words: new Array<bigint>(words).fill(0n) };
  map.set(text, found);
  return found;
}

/** Exponent and six bits of the mantissa, by shifts, as the program does it. */
function bucketIndex(v: bigint): number {
  if (v === 0n) return 0;
  const magnitude = v < 0n ? -v : v;
  const e = magnitude.toString(2).length - 1;
  const m = (e >= 6 ? magnitude >> BigInt(e - 6) : magnitude << BigInt(6 - e)) & 63n;
  const index = (e + 1023) * 64 + Number(m);
  return v < 0n ? -index : index;
}

function linearIndex(v: bigint, { min, max, step }: { min: bigint; max: bigint; step: bigint }): number {
  if (v < min) return -1;
  return Number(v >= max ? (max - min + step - 1n) / step : (v - min) / step);
}

/** The entries in some order, in pieces as the kernel hands them out. */
function chunks(entries: readonly Words[], size: number): MapEntries[] {
  const out: MapEntries[] = [];
  for (let from = 0; from < entries.length; from += size) {
    const some = entries.slice(from, from + size);
    const keyBytes = some[0].key.length, valueStride = some[0].words.length * 8;
    const keys = new Uint8Array(new ArrayBuffer(keyBytes * some.length));
    const values = new BigUint64Array(new ArrayBuffer(valueStride * some.length));
    some.forEach((e, i) => {
      keys.set(e.key, i * keyBytes);
      values.set(e.words, i * e.words.length);
    });
    out.push({ count: some.length, keys, values: new Uint8Array(values.buffer), valueStride });
  }
  return out;
}

/** Without keys there is one entry of an array, with a value for each CPU. */
function perCpu(maps: Maps): Words[] {
  const words = new Array<bigint>(maps.layout.bytes / 8 * CPUS).fill(0n);
  for (const { key, words: some } of maps.states.values()) {
    const cpu = new DataView(key.buffer).getUint32(0, true);
    some.forEach((w, i) => words[cpu * some.length + i] = w);
  }
  return [{ key: new Uint8Array(4), words }];
}

function fromMaps(events: readonly Event[], keys: readonly NamedExpr[], order: readonly number[]): Batch {
  const layout = layoutStates(AGGREGATE_SPECS, [access]);
  const struct = layoutStruct(keys, [access], false);
  const maps = new Maps(struct, layout);
  for (const event of events) maps.add(event);
  const mixed = (entries: Iterable<Words>): Words[] =>
    [...entries].map((e, i) => [e, order[i % order.length]] as const).sort((a, b) => a[1] - b[1]).map(([e]) => e);
  const result = aggregateRows(
    {
      states: chunks(keys.length === 0 ? perCpu(maps) : mixed(maps.states.values()), 1 + order[0] % 9),
      buckets: chunks(mixed(maps.buckets.values()), 1 + order[0] % 30),
    },
    { keys: struct, states: layout, aggregates: AGGREGATE_SPECS, maxKeys: 1000, cpus: CPUS, durationNs: 1 },
    { name: () => null, stacks: () => assert.fail(), function: () => assert.fail() },
  );
  assert.equal(result.events, events.length);
  assert.equal(result.lost, 0);
  return result.batch;
}

const decoder = new TextDecoder();

function batchOf(events: readonly Event[]): Batch {
  const cell = (e: Event, name: string): Cell => {
    const value = e[name as keyof Event];
    return value instanceof Uint8Array ? decoder.decode(value) : value;
  };
  const columns = FIELDS.map((field) => columnFrom(events.map((e) => cell(e, field.name)), field.unsigned));
  return { length: events.length, fields: FIELDS, columns };
}

/** Rows in an order of their own, integers as bigint: of a map the order is any. */
function comparable(batch: Batch): unknown[] {
  const plain = (cell: Cell): unknown => typeof cell === "number" && Number.isInteger(cell) ? BigInt(cell) : cell;
  const rows = recordsOf(batch).map((r) => Object.entries(r).map(([name, cell]) => [name, plain(cell)]));
  const text = (x: unknown): string => JSON.stringify(x, (_, v) => typeof v === "bigint" ? `${v}n` : v);
  return rows.sort((x, y) => text(x) < text(y) ? -1 : 1);
}

const bytes = (...texts: (string | readonly number[])[]): fc.Arbitrary<Uint8Array> =>
  fc.constantFrom(...texts.map((t) => typeof t === "string" ? new TextEncoder().encode(t) : Uint8Array.from(t)));
const i64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 127n, 129n, (1n << 53n) + 1n, (1n << 63n) - 1n, -(1n << 63n)),
  fc.integer({ min: -100, max: 100 }).map(BigInt),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
);
const event: fc.Arbitrary<Event> = fc.record({
  cpu: fc.nat({ max: CPUS - 1 }),
  k: fc.bigInt({ min: 0n, max: 3n }),
  s: i64,
  u: i64.map((v) => BigInt.asUintN(64, v)),
  d: fc.bigInt({ min: 0n, max: 1n << 40n }),
  // The last two differ, and mean the same: neither is UTF-8.
  comm: bytes("", "a", "sonde", [0xff, 0x61], [0xfe, 0x61]),
  path: fc.option(bytes("", "/a", "/b/ä"), { freq: 3 }),
});
const order = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 50 });

for (const keys of KEYS) {
  const by = keys.length === 0 ? "of all events" : `by ${keys.map((key) => key.name).join(", ")}`;
  Deno.test(`aggregateRows() makes of the CPUs' states what core/query makes of the rows, ${by}`, () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: "max" }), order, (events, order) => {
        const made = fromMaps(events, keys, order);
        const plain = aggregateBatch(batchOf(events), { keys, aggregates: AGGREGATE_SPECS });
        assert.deepEqual(
          made.fields.map((f) => [f.name, f.type, f.unit]),
          plain.fields.map((f) => [f.name, f.type, f.unit]),
        );
        assert.deepEqual(comparable(made), comparable(plain));
      }),
      { numRuns: RUNS },
    );
  });
}

Deno.test("a state of buckets that the kernel counted merges with one that was counted here", () => {
  const types = [s.t];
  for (const [fn, constants] of [["p99", []], ["hist", [4]], ["quantile", [0.3]], ["lhist", [-50, 100, 7]]] as const) {
    const aggregate = AGGREGATES.get(fn)!;
    const linear = { min: -50n, max: 100n, step: 7n };
    const create = (): BucketState => aggregate.create(types, constants) as BucketState;
    const cells = (state: BucketState): Cell[] =>
      recordsOf({
        length: 1,
        fields: [field("x", "histogram")],
        columns: [aggregate.result(state, { groupCount: 1, durationNs: 0, types, constants })],
      }).map((r) => r.x);
    const here = (values: readonly bigint[]): BucketState => {
      const state = create();
      state.add(new Int32Array(values.length), [columnFrom(values)], values.length, 1);
      return state;
    };
    fc.assert(fc.property(fc.array(i64, { minLength: 1 }), fc.array(i64), fc.boolean(), (mine, theirs, kernelFirst) => {
      const kernel = create();
      for (const v of theirs) kernel.counts.add(0, fn === "lhist" ? linearIndex(v, linear) : bucketIndex(v), 1);
      const [first, second] = kernelFirst ? [kernel, here(mine)] : [here(mine), kernel];
      first.merge(second, new Int32Array(1), 1);
      assert.deepEqual(cells(first), cells(here([...mine, ...theirs])));
    }));
  }
});
