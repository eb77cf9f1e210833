import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, type Field, type FieldType, recordsOf, type Table } from "../../core/data/mod.ts";
import { exprText, loadRegex, type ProbeSpec } from "../../core/query/mod.ts";
import { eventBatch, memoryEngine, TEST_PROBES, TEST_REGISTRY, testServices } from "../_testing.ts";
import { compile } from "../compile.ts";
import type { PipelinePlan } from "../plan.ts";
import { chooser, randomStages } from "./_random_recipe.ts";
import { readyPipeline } from "./pipeline.ts";
import { noEffects } from "./stage_context.ts";
import { applyStage } from "./stage_runner.ts";

const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);
/** The same pipelines each time; another seed by the environment. */
const SEED = Number(Deno.env.get("SONDE_FUZZ_SEED") ?? 20_260_401);
const PROBE = "tracepoint:block:block_rq_issue";
const WINDOW_NS = 1e9;

const cells: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  time: fc.bigInt({ min: 1_760_000_000_000_000_000n, max: 1_760_000_001_000_000_000n }),
  pid: fc.nat({ max: 3 }),
  cpu: fc.nat({ max: 3 }),
  comm: fc.constantFrom("a", "b", "", "Ab c", "/tmp/b"),
  container: fc.constantFrom("web", "a"),
  ktime: fc.oneof(fc.integer({ min: -5000, max: 5_000_000 }), fc.bigInt({ min: 0n, max: 1n << 62n })),
  "args.bytes": fc.oneof(fc.nat({ max: 1 << 21 }), fc.bigInt({ min: 0n, max: 1n << 62n })),
  "args.sector": fc.oneof(fc.integer({ min: -9, max: 9 }), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })),
  "args.ptr": fc.nat({ max: 5 }),
};
const row = fc.record(
  Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, fc.option(cell, { freq: 5 })])),
);

/** What an engine may refuse, and still has to give the same rows. */
const REFUSALS: readonly (readonly [what: string, refuses: (spec: ProbeSpec) => boolean])[] = [
  ["nothing", () => false],
  ["aggregates", (spec) => spec.output.kind === "aggregate"],
  ["everything but the bare stream", (spec) => spec.output.kind === "aggregate" || spec.steps.length > 0],
  ["every other filter", (spec) => spec.steps.some((s) => s.kind === "filter" && exprText(s.expr).length % 2 === 0)],
  [
    "long filters, and aggregates of many",
    (spec) =>
      spec.steps.some((s) => s.kind === "filter" && exprText(s.expr).length > 30) ||
      (spec.output.kind === "aggregate" && spec.output.aggregates.length > 1),
  ],
];

async function planned(stages: string): Promise<PipelinePlan | null> {
  const { plan } = await compile(`collect ${PROBE} for 1s${stages}`, TEST_REGISTRY);
  const step = plan?.steps[0];
  return step?.kind === "phase" ? step.pipelines[0] : null;
}

async function run(
  plan: PipelinePlan,
  events: Batch,
  refuses: (spec: ProbeSpec) => boolean,
  parts: number,
): Promise<{ table: Table; pushed: number }> {
  const clock = { ms: 0 };
  const engine = memoryEngine({ events, parts, refuse: (spec) => refuses(spec) ? "Refused" : null }, clock);
  const ready = await readyPipeline(plan, {}, testServices(engine, clock));
  ready.attach();
  const { result, report } = await ready.run();
  assert.ok(result.kind === "table");
  return { table: result, pushed: report.pushed };
}

/** Integers are number or bigint by what else is in their column. */
function comparable(batch: Batch): unknown {
  const plain = (v: Cell): unknown => typeof v === "number" && Number.isInteger(v) ? BigInt(v) : v;
  const rows = recordsOf(batch).map((r) => Object.entries(r).map(([name, v]) => [name, plain(v)]));
  return { fields: batch.fields.map((f): [string, FieldType] => [f.name, f.type]), rows };
}

Deno.test("random pipelines give the rows of their stages over all events, wherever an engine lets them be split", async () => {
  await loadRegex();
  const args: readonly Field[] = TEST_PROBES[PROBE];
  const seen = { pipelines: 0, wrong: 0, pushed: new Map<string, number>() };
  console.log(`seed ${SEED} (SONDE_FUZZ_SEED), ${SCALE} times (SONDE_FUZZ_SCALE)`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { minLength: 20, maxLength: 150, size: "max" }),
      fc.array(row, { maxLength: 40, size: "max" }),
      fc.integer({ min: 1, max: 9 }),
      async (choices, rows, parts) => {
        const stages = randomStages(chooser(choices));
        const plan = await planned(stages);
        if (!plan) {
          seen.wrong++;
          return;
        }
        seen.pipelines++;
        const events = eventBatch(args, rows);
        const expected = comparable(
          plan.stages.reduce(
            (b, stage) => applyStage(b, stage, { durationNs: WINDOW_NS, more: null, effects: noEffects() }),
            events,
          ),
        );
        for (const [what, refuses] of REFUSALS) {
          const { table, pushed } = await run(plan, events, refuses, parts);
          seen.pushed.set(what, (seen.pushed.get(what) ?? 0) + pushed);
          assert.deepEqual(comparable(table), expected, `an engine that refuses ${what}, ${parts} parts:${stages}`);
        }
      },
    ),
    // Shrinking runs each candidate five times: it may take its time, not all of it.
    {
      seed: SEED,
      numRuns: Math.max(10, Math.round(600 * SCALE)),
      interruptAfterTimeLimit: 60_000 * Math.max(1, SCALE),
    },
  );
  console.log(seen);
  // The generator must not drift from the language, and the engines must be given something.
  assert.ok(seen.pipelines > 4 * seen.wrong, `${seen.wrong} of ${seen.pipelines + seen.wrong} do not compile`);
  for (const what of ["nothing", "aggregates", "every other filter"]) assert.ok(seen.pushed.get(what)! > 0, what);
});
