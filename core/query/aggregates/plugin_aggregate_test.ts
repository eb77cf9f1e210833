import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, columnFrom, type Field, field, recordsOf, UsageError } from "../../data/mod.ts";
import { aggregateBatch, openAggregation } from "../aggregate_batch.ts";
import { fieldRef, valueType } from "../build.ts";
import { isProblem } from "../type_rules.ts";
import { pluginAggregate, type PluginAggregation } from "./plugin_aggregate.ts";
import { AGGREGATES, aggregateType, defineAggregate } from "./table.ts";

const FIELDS: Field[] = [field("k", "string"), field("d", "duration")];
const D = fieldRef("d", "duration"), BY_K = [{ name: "k", expr: fieldRef("k", "string") }];

function batchOf(rows: readonly (readonly [string, unknown])[]): Batch {
  return { length: rows.length, fields: FIELDS, columns: [0, 1].map((i) => columnFrom(rows.map((r) => r[i]))) };
}

/** What comes in which order matters. */
const run: PluginAggregation<number[]> = {
  name: "test_all",
  doc: "Digits of all values in their order",
  init: () => [],
  add: (state, value) => (state.push(value), state),
  merge: (a, b) => [...a, ...b],
  result: (state) => state.length === 0 ? null : Number(state.join("")),
};
const mean: PluginAggregation<{ n: number; sum: number }> = {
  name: "test_mean",
  doc: "The mean",
  type: "same",
  init: () => ({ n: 0, sum: 0 }),
  add: ({ n, sum }, v) => ({ n: n + 1, sum: sum + v }),
  merge: (a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum }),
  result: ({ n, sum }) => sum / n,
};
defineAggregate(pluginAggregate(run));
defineAggregate(pluginAggregate(mean));
const BOTH = [run.name, mean.name].map((fn) => ({ fn, args: [D], name: fn }));

Deno.test("a plugin's aggregation: values by group in their order, without nulls; merged parts are the whole", () => {
  const row = fc.tuple(fc.constantFrom("a", "b", "c"), fc.option(fc.nat(9)));
  fc.assert(fc.property(fc.array(row, { maxLength: 12 }), fc.nat(12), (rows, cut) => {
    const spec = { keys: BY_K, aggregates: BOTH };
    const want = [...new Set(rows.map((r) => r[0]))].map((k) => {
      const values = rows.filter((r) => r[0] === k).flatMap(([, v]) => v === null ? [] : [v]);
      const sum = values.reduce((a, b) => a + b, 0);
      return {
        k,
        test_all: values.length === 0 ? null : Number(values.join("")),
        test_mean: values.length === 0 ? null : Math.round(sum / values.length),
      };
    });
    assert.deepEqual(recordsOf(aggregateBatch(batchOf(rows), spec)), want);
    const first = openAggregation(spec, FIELDS), second = openAggregation(spec, FIELDS);
    first.add(batchOf(rows.slice(0, cut)));
    second.add(batchOf(rows.slice(cut)));
    first.merge(second);
    assert.deepEqual(recordsOf(first.result()), want);
  }));
});

Deno.test("a plugin's aggregation over no rows is what it makes of nothing; NaN is left out, 64 bits are rounded", () => {
  const all = { keys: [], aggregates: BOTH };
  assert.deepEqual(recordsOf(aggregateBatch(batchOf([]), all)), [{ test_all: null, test_mean: null }]);
  const big = batchOf([["a", 2n ** 60n], ["a", 2n ** 60n + 1n]]);
  assert.equal(recordsOf(aggregateBatch(big, all))[0].test_mean, 2 ** 60);
  const nan: Batch = { length: 2, fields: FIELDS, columns: [columnFrom(["a", "a"]), columnFrom([NaN, 4])] };
  assert.equal(recordsOf(aggregateBatch(nan, all))[0].test_mean, 4);
});

Deno.test("a plugin's aggregation takes one amount; its result is a float, the type of its values, or what it says", () => {
  assert.deepEqual(aggregateType("test_all", [D.t]), valueType("float"));
  assert.deepEqual(aggregateType("test_mean", [D.t]), D.t);
  assert.deepEqual(pluginAggregate({ ...run, type: "bytes" }).type([D.t]), valueType("bytes"));
  const wrong = aggregateType("test_mean", [valueType("pid")]);
  assert.ok(isProblem(wrong) && wrong.error === '"test_mean" does not take pid');
  const none = aggregateType("test_mean", []);
  assert.ok(isProblem(none) && none.hint === "It is test_mean(x)");
});

Deno.test("defineAggregate() refuses names that are taken by aggregates, functions and other results, and malformed ones", () => {
  for (const name of ["count", "test_mean", "abs", "flame", "series", "Upper", "1st", "a.b", ""]) {
    assert.throws(() => defineAggregate(pluginAggregate({ ...run, name })), UsageError, name);
  }
  assert.ok(AGGREGATES.has("test_all") && !AGGREGATES.has("abs"));
});
