import type { Batch } from "../data/mod.ts";
import { aggregateBatch } from "./aggregate_batch.ts";
import { filterBatch } from "./batch_ops.ts";
import { fieldRef, literal, test } from "./build.ts";

const ROWS = 1_000_000;
const comms = Array.from({ length: 50 }, (_, i) => `worker-${i}`);
const batch: Batch = {
  length: ROWS,
  fields: [
    { name: "comm", type: "string", unit: null },
    { name: "pid", type: "pid", unit: null },
    { name: "duration", type: "duration", unit: "ns" },
  ],
  columns: [
    { kind: "string", codes: Int32Array.from({ length: ROWS }, (_, i) => (i * 7919) % 50), dict: comms },
    { kind: "number", values: Float64Array.from({ length: ROWS }, (_, i) => 1000 + (i * 104729) % 3000) },
    { kind: "number", values: Float64Array.from({ length: ROWS }, (_, i) => 100 + (i * 15485863) % 10_000_000) },
  ],
};
const duration = fieldRef("duration", "duration");
const comm = { name: "comm", expr: fieldRef("comm", "string") };
const pid = { name: "pid", expr: fieldRef("pid", "pid") };
const slow = test(">", duration, literal(1_000_000n, "duration"));

Deno.bench("filter duration > 1ms (1 M rows)", () => {
  filterBatch(batch, slow);
});
Deno.bench("aggregate count() by comm (1 M rows)", () => {
  aggregateBatch(batch, { keys: [comm], aggregates: [{ fn: "count", args: [], name: "count" }] });
});
Deno.bench("aggregate sum, avg, max by pid (1 M rows)", () => {
  const aggregates = ["sum", "avg", "max"].map((fn) => ({ fn, args: [duration], name: fn }));
  aggregateBatch(batch, { keys: [pid], aggregates });
});
Deno.bench("aggregate p50, p99, hist by comm, pid (1 M rows)", () => {
  const aggregates = ["p50", "p99", "hist"].map((fn) => ({ fn, args: [duration], name: fn }));
  aggregateBatch(batch, { keys: [comm, pid], aggregates });
});
Deno.bench("filter duration > 1ms | aggregate count(), p99(duration) by comm (1 M rows)", () => {
  aggregateBatch(filterBatch(batch, slow), {
    keys: [comm],
    aggregates: [{ fn: "count", args: [], name: "count" }, { fn: "p99", args: [duration], name: "p99" }],
  });
});
