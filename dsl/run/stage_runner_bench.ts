/**
 * What rows cost on their way through the stages of a recipe: `deno bench -A dsl/run/stage_runner_bench.ts`. Behind the
 * figures stands how many rows a second that is.
 *
 * @module
 */
import type { Batch } from "../../core/data/mod.ts";
import type { PipelinePlan } from "../plan.ts";
import { planOf, PROC_ROWS } from "../_testing.ts";
import { bindStages } from "./stage_exprs.ts";
import { stageRunner } from "./stage_runner.ts";

const BATCH_ROWS = 32_768;
const BATCHES = 32;
const { fields } = PROC_ROWS;

const batches = Array.from({ length: BATCHES }, (_, b): Batch => {
  const value = (make: (i: number) => number) => ({
    kind: "number" as const,
    values: Float64Array.from({ length: BATCH_ROWS }, (_, i) => make(Math.imul(i + b * BATCH_ROWS, 0x9e37_79b1) >>> 0)),
  });
  return {
    length: BATCH_ROWS,
    fields,
    columns: [
      value((x) => 1000 + x % 5000),
      value((x) => 1000 + x % 5000),
      {
        kind: "string",
        codes: Int32Array.from({ length: BATCH_ROWS }, (_, i) => (i * 7919) % 300),
        dict: Array.from({ length: 300 }, (_, i) => `worker-${i}`),
      },
      value((x) => x % 101 / 100),
      value((x) => (x >>> 8) * 4096),
      value((x) => x % 1000),
      value((x) => x),
      value((x) => x % 64),
    ],
  };
});

for (
  const stages of [
    "filter cpu > 10% | aggregate count(), sum(rss) as rss by pid",
    'filter cpu > 10% and comm != "worker-7" | aggregate count(), sum(rss) as rss by comm',
    "derive mib = rss / 1MiB | filter mib > 100.0 | aggregate max(mib) as most by comm, pid",
    "aggregate hist(wait) as times",
    "filter threads > 2 | top 10 by rss",
  ]
) {
  const plan = await planOf(`collect proc.list | ${stages}`);
  const [step] = plan.steps;
  const [pipeline]: readonly PipelinePlan[] = step.kind === "phase" ? step.pipelines : [];
  const bound = bindStages(pipeline.stages, {});
  const times: number[] = [];
  Deno.bench(stages, { n: 15, warmup: 3 }, () => {
    const start = performance.now();
    const runner = stageRunner(bound, fields);
    for (const batch of batches) runner.push(batch);
    runner.finish(1e9);
    times.push(BATCH_ROWS * BATCHES / (performance.now() - start) / 1000);
  });
  globalThis.addEventListener("unload", () => {
    const median = times.sort((a, b) => a - b)[times.length >> 1];
    if (median !== undefined) console.log(`${median.toFixed(1).padStart(8)} M rows/s  ${stages}`);
  });
}
