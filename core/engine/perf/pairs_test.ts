import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Column, columnFrom, field, recordsOf } from "../../data/mod.ts";
import { type Expr, fieldRef, valueType } from "../../query/mod.ts";
import { createPairs, SIDE } from "./pairs.ts";
import { AT } from "./rows.ts";

type Key = bigint | number | string | null;

interface Event {
  readonly side: number;
  readonly key: Key;
  readonly value: number;
}

const FIELDS = [field("key", "int"), field("value", "int"), { ...field(AT, "duration"), unsigned: true }];
const KEY: Expr = fieldRef("key", "int");
const SIDE_SPEC = { fields: FIELDS, key: [KEY] };
const INT = valueType("int");

/** Times far beyond 2^53, where doubles would round. */
const BOOT = 1n << 62n;

function batchOf(events: readonly (Event & { readonly at: bigint })[]): Batch {
  const columns: Column[] = [
    columnFrom(events.map((e) => e.key)),
    columnFrom(events.map((e) => e.value)),
    columnFrom(events.map((e) => e.at), true),
  ];
  return { length: events.length, fields: FIELDS, columns };
}

/** What SourceSpec says of a pair, event by event. */
function model(events: readonly (Event & { readonly at: bigint })[], maxInFlight: number): unknown {
  const open = new Map<string, Event & { readonly at: bigint; mark: number | null }>();
  const rows: unknown[] = [];
  let ends = 0, replaced = 0, lost = 0, doubtful = 0;
  for (const e of events) {
    if (e.side === SIDE.GAP) {
      doubtful += open.size;
      open.clear();
      continue;
    }
    if (e.key === null) continue;
    const key = String(e.key);
    const start = open.get(key);
    if (e.side === SIDE.START) {
      if (start) replaced++;
      if (start || open.size < maxInFlight) open.set(key, { ...e, mark: null });
      else lost++;
    } else if (e.side === SIDE.MARK) {
      if (start) start.mark = e.value;
    } else {
      open.delete(key);
      if (e.side === SIDE.CANCEL) continue;
      if (start) rows.push({ s: start.value, e: e.value, m: start.mark, d: Number(e.at - start.at) });
      else ends++;
    }
  }
  return { rows, ends, replaced, lost, doubtful, open: open.size };
}

Deno.test("createPairs() matches as the model does, however the events come in batches", () => {
  const event = (key: fc.Arbitrary<Key>): fc.Arbitrary<Event> =>
    fc.record({ side: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 4), key, value: fc.nat(1000) });
  const numbers = fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constantFrom((1n << 60n) + 1n, (1n << 60n) + 2n, null));
  const texts = fc.constantFrom("a", "b", "1", "", null);
  fc.assert(fc.property(
    fc.oneof(fc.array(event(numbers), { maxLength: 60 }), fc.array(event(texts), { maxLength: 60 })),
    fc.nat(4),
    fc.array(fc.nat(60), { maxLength: 5 }),
    (list, maxInFlight, cuts) => {
      const events = list.map((e, i) => ({ ...e, at: BOOT + BigInt(i * 7) }));
      const pairs = createPairs(
        { start: SIDE_SPEC, end: SIDE_SPEC, cancel: SIDE_SPEC, mark: SIDE_SPEC },
        [
          { name: "s", t: INT, from: "start", field: "value" },
          { name: "e", t: INT, from: "end", field: "value" },
          { name: "m", t: INT, from: "mark", field: "value" },
          { name: "d", t: valueType("duration"), from: "duration" },
        ],
        maxInFlight,
      );
      const rows: unknown[] = [];
      const bounds = [...cuts.filter((c) => c < events.length).sort((a, b) => a - b), events.length];
      let from = 0;
      for (const to of bounds) {
        const part = events.slice(from, to);
        const of = (side: number): Batch => batchOf(part.filter((e) => e.side === side));
        const order = Uint8Array.from(part, (e) => e.side);
        rows.push(...recordsOf(pairs.match([SIDE.START, SIDE.END, SIDE.CANCEL, SIDE.MARK].map(of), order)));
        from = to;
      }
      const { unmatchedEnds: ends, replaced, lost, doubtful, inFlight: open } = pairs;
      assert.deepEqual({ rows, ends, replaced, lost, doubtful, open }, model(events, maxInFlight));
    },
  ));
});

Deno.test("createPairs() tells keys of several parts apart", () => {
  const fields = [field("a", "string"), field("b", "string"), FIELDS[2]];
  const side = { fields, key: [fieldRef("a", "string"), fieldRef("b", "string")] };
  const pairs = createPairs({ start: side, end: side, cancel: side, mark: side }, [
    { name: "a", t: valueType("string"), from: "start", field: "a" },
  ], 10);
  const batch = (rows: [string, string][]): Batch => ({
    length: rows.length,
    fields,
    columns: [columnFrom(rows.map((r) => r[0])), columnFrom(rows.map((r) => r[1])), columnFrom(rows.map(() => 1))],
  });
  const none = batch([]);
  const rows = [batch([["x,", "y"], ["x", ",y"]]), batch([["x", ",y"]]), none, none];
  const out = pairs.match(rows, Uint8Array.of(0, 0, 1));
  assert.deepEqual(recordsOf(out), [{ a: "x" }]);
  assert.equal(pairs.inFlight, 1);
});

Deno.test("createPairs() gives a start the last mark of its own, and null where it had none", () => {
  const events: readonly (readonly [side: number, key: number, value: number])[] = [
    [SIDE.MARK, 1, 10],
    [SIDE.START, 1, 1],
    [SIDE.START, 2, 2],
    [SIDE.MARK, 1, 11],
    [SIDE.MARK, 1, 12],
    [SIDE.END, 1, 0],
    [SIDE.END, 2, 0],
    [SIDE.START, 1, 3],
    [SIDE.MARK, 1, 13],
    // Replaced: the mark was the other's.
    [SIDE.START, 1, 4],
    [SIDE.END, 1, 0],
  ];
  const pairs = createPairs({ start: SIDE_SPEC, end: SIDE_SPEC, cancel: SIDE_SPEC, mark: SIDE_SPEC }, [
    { name: "s", t: INT, from: "start", field: "value" },
    { name: "m", t: INT, from: "mark", field: "value" },
  ], 10);
  const of = (wanted: number): Batch =>
    batchOf(
      events.filter(([side]) => side === wanted).map(([side, key, value]) => ({ side, key, value, at: BOOT })),
    );
  const rows = pairs.match([0, 1, 2, 3].map(of), Uint8Array.from(events, ([side]) => side));
  assert.deepEqual(recordsOf(rows), [{ s: 1, m: 12 }, { s: 2, m: null }, { s: 4, m: null }]);
});
