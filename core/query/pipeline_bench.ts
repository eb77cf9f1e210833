/**
 * What rows cost that pass through filters and aggregates: `deno bench -A core/query/pipeline_bench.ts`. Rows come in
 * batches of the size that readers make; behind the figures stands how many rows a second that is.
 *
 * @module
 */
import { type Batch, type Column, type Field, field } from "../data/mod.ts";
import { openAggregation } from "./aggregate_batch.ts";
import { filterBatch } from "./batch_ops.ts";
import { fieldRef, literal, test } from "./build.ts";
import type { Expr } from "./expr.ts";
import { sortBatch, topBatch } from "./sort_batch.ts";

const BATCH_ROWS = 32_768;
const BATCHES = 64;
const ROWS = BATCH_ROWS * BATCHES;

const FIELDS: readonly Field[] = [
  field("few", "pid", "100 different numbers"),
  field("many", "int", "10 000 different numbers"),
  field("wide", "int", "10 000 different numbers, far apart"),
  field("shared", "string", "50 texts, one dictionary for all batches"),
  field("own", "string", "50 texts, each batch with a dictionary of its own"),
  field("texts", "string", "20 000 texts, each batch with those of its own rows"),
  field("duration", "duration"),
  field("maybe", "duration", "One in eight is null"),
  field("share", "float"),
];

/** Numbers that look random and are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed;;) {
    x = Math.imul(x ^ x >>> 15, 0x2c1b_3c6d) + 0x9e37_79b9 | 0;
    yield ((x ^ x >>> 13) >>> 0) / 2 ** 32;
  }
}

function column(make: (random: () => number) => number, seed: number): Column {
  const source = numbers(seed);
  const random = (): number => source.next().value;
  return { kind: "number", values: Float64Array.from({ length: BATCH_ROWS }, () => make(random)) };
}

function texts(count: number, seed: number, shared?: readonly string[]): Column {
  const source = numbers(seed);
  const codes = new Int32Array(BATCH_ROWS);
  if (shared) {
    for (let i = 0; i < BATCH_ROWS; i++) codes[i] = Math.floor(source.next().value * count);
    return { kind: "string", codes, dict: shared };
  }
  const dict: string[] = [];
  const code = new Map<number, number>();
  for (let i = 0; i < BATCH_ROWS; i++) {
    const n = Math.floor(source.next().value * count);
    if (!code.has(n)) code.set(n, dict.push(`/usr/lib/worker-${n}`) - 1);
    codes[i] = code.get(n)!;
  }
  return { kind: "string", codes, dict };
}

const comms = Array.from({ length: 50 }, (_, i) => `worker-${i}`);
const duration = (random: () => number): number => Math.floor(100 * 2 ** (random() * 20));
const batches = Array.from({ length: BATCHES }, (_, i): Batch => ({
  length: BATCH_ROWS,
  fields: FIELDS,
  columns: [
    column((random) => 1000 + Math.floor(random() * 100), i),
    column((random) => Math.floor(random() * 10_000), i + 100),
    column((random) => Math.floor(random() * 10_000) * 7_919_777_777, i + 200),
    texts(50, i + 300, comms),
    texts(50, i + 400),
    texts(20_000, i + 500),
    column(duration, i + 600),
    {
      ...column(duration, i + 700) as Extract<Column, { kind: "number" }>,
      nulls: Uint8Array.from({ length: BATCH_ROWS }, (_, row) => row % 8 === 3 ? 1 : 0),
    },
    column((random) => random() * 1e6, i + 800),
  ],
}));

const ref = (name: string): Expr => {
  const { type } = FIELDS.find((f) => f.name === name)!;
  return fieldRef(name, type);
};
const slow = test(">", ref("duration"), literal(1000n, "duration"));
const busy = test("and", slow, test("!=", ref("shared"), literal("worker-7")));

const BOUNDS: Readonly<Record<string, readonly Expr[]>> = {
  lhist: [literal(0n), literal(1_000_000n), literal(10_000n)],
};

const timings = new Map<string, number[]>();

function bench(name: string, work: () => void, rows = ROWS): void {
  const times: number[] = [];
  timings.set(name, times);
  Deno.bench(name, { n: 15, warmup: 3 }, () => {
    const start = performance.now();
    work();
    times.push(rows / (performance.now() - start) / 1000);
  });
}

globalThis.addEventListener("unload", () => {
  for (const [name, times] of timings) {
    if (times.length === 0) continue;
    const median = times.sort((a, b) => a - b)[times.length >> 1];
    console.log(`${median.toFixed(1).padStart(8)} M rows/s  ${name}`);
  }
});

function aggregate(name: string, fns: readonly string[], of: string, by: readonly string[], filter?: Expr): void {
  const calls = fns.map((fn) => fn === "count" ? "count()" : `${fn}(${of})`).join(", ");
  const filtered = filter ? "filter … | " : "";
  bench(`${filtered}aggregate ${calls}${by.length > 0 ? ` by ${name}` : ""}`, () => {
    const running = openAggregation({
      keys: by.map((k) => ({ name: k, expr: ref(k) })),
      aggregates: fns.map((fn) => ({ fn, args: fn === "count" ? [] : [ref(of), ...(BOUNDS[fn] ?? [])], name: fn })),
    }, FIELDS);
    for (const batch of batches) running.add(filter ? filterBatch(batch, filter) : batch);
    running.result(1e9);
  });
}

bench("filter duration > 1us", () => {
  for (const batch of batches) filterBatch(batch, slow);
});
bench('filter duration > 1us and comm != "worker-7"', () => {
  for (const batch of batches) filterBatch(batch, busy);
});
aggregate("100 integers", ["count", "sum"], "duration", ["few"], slow);
aggregate("10 000 integers", ["count", "sum"], "duration", ["many"], slow);
aggregate("10 000 integers far apart", ["count", "sum"], "duration", ["wide"], slow);
aggregate("50 texts, one dictionary", ["count", "sum"], "duration", ["shared"], slow);
aggregate("50 texts, a dictionary a batch", ["count", "sum"], "duration", ["own"], slow);
aggregate("20 000 texts, a dictionary a batch", ["count", "sum"], "duration", ["texts"], slow);
aggregate("text and integer (5000 groups)", ["count", "sum"], "duration", ["shared", "few"], slow);
aggregate("100 integers", ["count"], "duration", ["few"]);
aggregate("100 integers", ["sum", "avg", "max"], "maybe", ["few"]);
aggregate("100 integers", ["sum", "stddev"], "share", ["few"]);
aggregate("", ["hist"], "duration", []);
aggregate("", ["hist"], "maybe", []);
aggregate("", ["lhist"], "duration", []);
aggregate("50 texts", ["hist"], "duration", ["shared"]);
aggregate("100 integers", ["hist", "p99"], "duration", ["few"]);
aggregate("50 texts", ["distinct", "topk"], "few", ["shared"]);
aggregate("50 texts", ["min", "first", "last"], "duration", ["shared"]);
bench("top 10 by duration", () => {
  for (const batch of batches) topBatch(batch, 10, [{ expr: ref("duration"), descending: true }]);
});
bench("sort by shared, duration (1 batch)", () => {
  sortBatch(batches[0], [{ expr: ref("shared"), descending: false }, { expr: ref("duration"), descending: true }]);
}, BATCH_ROWS);
