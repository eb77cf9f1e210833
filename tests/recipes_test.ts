import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UnsupportedError } from "../core/data/mod.ts";
import { chooseEngineFor } from "../cli/engines.ts";
import { recipeRegistry } from "../cli/recipe_registry.ts";
import { openSession } from "../cli/session.ts";
import { recordsOf, type Result } from "../core/data/mod.ts";
import { compile, diagnosticText, execute, type Plan, type RecipeReport } from "../dsl/mod.ts";
import { skip } from "./skip.ts";

const RECIPES = fileURLToPath(new URL("../recipes/", import.meta.url));
const NAMES = [...Deno.readDirSync(RECIPES)].map((f) => f.name).filter((n) => n.endsWith(".perf")).sort();
const session = await openSession();

async function planOf(text: string, name: string): Promise<Plan> {
  const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text));
  assert.deepEqual(diagnostics.map((d) => diagnosticText(d, name)), []);
  assert.ok(plan);
  return plan;
}

/**
 * Runs a plan on this machine.
 *
 * @param measuring called when everything is attached; when it ends, the windows do
 */
async function runPlan(
  plan: Plan,
  params: Record<string, string>,
  measuring?: () => Promise<void>,
): Promise<RecipeReport> {
  const controller = new AbortController();
  let load: Promise<void> | undefined;
  const report = await execute(plan, {
    context: {
      signal: controller.signal,
      progress(text) {
        if (measuring && text.startsWith("Measuring")) load ??= measuring().finally(() => controller.abort());
      },
    },
    collector: (name) => session.registry.collector(name),
    chooseEngine: (spec) => chooseEngineFor(session.host, spec),
    save: () => {
      throw new UnsupportedError("a test saves nothing", "");
    },
    untilStopped: measuring !== undefined,
  }, params);
  await load;
  return report;
}

Deno.test({
  name: "every recipe that ships is read, checked, planned and run, says what it is for, and documents its parameters",
  // The session listens for signals, as every command does.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    assert.ok(NAMES.length >= 5);
    for (const name of NAMES) {
      await t.step(name, async () => {
        const text = await Deno.readTextFile(RECIPES + name);
        const plan = await planOf(text, name);
        assert.equal(plan.recipe, name.replace(/\.perf$/, ""));
        assert.match(plan.title, /\?$/, "the title is the question that it answers");
        assert.ok(plan.params.every((p) => p.doc !== ""), "every parameter has a text");
        const params = plan.params.some((p) => p.name === "window") ? { window: "300ms" } : {};
        const report = await runPlan(plan, params as Record<string, string>);
        const refused = report.errors.filter((e) => e.kind === "unsupported");
        if (refused.length > 0) return skip(`${name}: ${refused[0].message.split("\n")[0]}`);
        assert.deepEqual(report.errors, []);
        for (const shown of report.shown) assert.ok(report.results[shown].quality.duration_ns >= 0);
      });
    }
  },
});

/** Starts a program under a name of its own, some times. */
async function startOften(program: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    assert.equal((await new Deno.Command(program, { args: [String(i)] }).output()).code, 0);
  }
}

function rows(result: Result): Record<string, unknown>[] {
  assert.equal(result.kind, "table");
  return recordsOf(result);
}

Deno.test({
  name: "a recipe counts exactly the programs that were started, aggregated in the kernel, here, or listed one by one",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "sonde_exec_" });
    try {
      const name = `sonde_t_${Deno.pid}`.slice(0, 15);
      const program = `${directory}/${name}`;
      await Deno.copyFile("/bin/true", program);
      const source = `collect process.exec | filter comm == "${name}"`;
      const plan = await planOf(
        `let kernel = ${source} | aggregate count() by comm
let here = ${source} | aggregate count(), distinct(args), topk(comm)
let each = ${source} | select comm, args | sort args
expect kernel.count == 25`.replace("expect kernel.count", "expect max(kernel.count)"),
        "test",
      );
      const report = await runPlan(plan, {}, () => startOften(program, 25));
      if (report.errors.length > 0) return skip(report.errors[0].message.split("\n")[0]);
      assert.deepEqual(rows(report.results.kernel), [{ comm: name, count: 25 }]);
      assert.deepEqual(rows(report.results.here), [{ count: 25, distinct_args: 25, topk_comm: `${name} 25` }]);
      assert.deepEqual(
        rows(report.results.each).map((r) => r.args),
        Array.from({ length: 25 }, (_, i) => `${program} ${i}`).sort(),
      );
      assert.equal(report.expects[0].outcome, "pass");
      assert.deepEqual(report.results.each.quality.lost, 0);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
