import assert from "node:assert/strict";
import { pause } from "../core/sys/mod.ts";
import { fileURLToPath } from "node:url";
import { UnsupportedError } from "../core/data/mod.ts";
import { chooseEngineFor } from "../cli/engines.ts";
import { includesFor } from "../cli/include_files.ts";
import { recipeRegistry } from "../cli/recipe_registry.ts";
import { openSession } from "../cli/session.ts";
import { recordsOf, type Result } from "../core/data/mod.ts";
import { compile, diagnosticText, execute, format, type Plan, type RecipeReport } from "../dsl/mod.ts";
import { compileC } from "./compile_c.ts";
import { RECIPE_CASES } from "./recipes/cases.ts";
import { openRecipeBench } from "./recipes/recipe_bench.ts";
import { headOf, recipesPage } from "./recipes/recipes_page.ts";
import { runCase } from "./recipes/run_case.ts";
import { skip } from "./skip.ts";

const RECIPES = fileURLToPath(new URL("../recipes/", import.meta.url));
const NAMES = [...Deno.readDirSync(RECIPES)].map((f) => f.name).filter((n) => n.endsWith(".perf")).sort();
const session = await openSession();

async function planOf(text: string, name: string, file = ""): Promise<Plan> {
  const includes = file === "" ? {} : includesFor(file);
  const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text), includes);
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
    sleep: pause,
  }, params);
  await load;
  return report;
}

Deno.test("every recipe that ships says what it shows, costs and means, documents its parameters, and is listed", async () => {
  assert.ok(NAMES.length >= 5 + 25);
  const names = NAMES.map((name) => name.replace(/\.perf$/, ""));
  for (const name of names) {
    const text = await Deno.readTextFile(`${RECIPES}${name}.perf`);
    const plan = await planOf(text, name, `${RECIPES}${name}.perf`);
    assert.equal(plan.recipe, name);
    assert.equal((await format(text)).text, text, `sonde fmt would change ${name}.perf`);
    assert.match(plan.title, /\?$/, "the title is the question that it answers");
    assert.ok(plan.params.every((p) => p.doc !== ""), "every parameter has a text");
    assert.ok(headOf(text), `${name}.perf has no head with Shows, Costs, Needs, Read and Bad`);
    assert.ok(text.split("\n").every((line) => line.length <= 122), `a line of ${name} is too long`);
  }
  const { now: page, shouldBe } = recipesPage();
  assert.equal(page, shouldBe, "docs/recipes.md: deno run -A tests/recipes/recipes_page.ts --write");
  const listed = [...page.matchAll(/^\| \[(\w+)\]\(\.\.\/recipes\/(\w+)\.perf\)/gm)];
  assert.ok(listed.every(([, name, file]) => name === file));
  assert.deepEqual(listed.map(([, name]) => name).sort(), names);
  assert.deepEqual(RECIPE_CASES.map((c) => c.recipe).sort(), names, "each recipe has one case in tests/recipes/");
});

Deno.test({
  name: "every recipe that ships runs, and its answer over a known load is right",
  // The session listens for signals, as every command does.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "sonde_recipes_" });
    try {
      const program = `${folder}/sonde_r${Deno.pid % 10_000}`;
      const source = await Deno.readTextFile(new URL("recipes/load.c", import.meta.url));
      const built = await compileC(source, program, ["-pthread", "-fno-omit-frame-pointer"]);
      if (!built) return skip("gcc is not installed");
      await using bench = openRecipeBench(program, folder);
      // `deno test -A tests/recipes_test.ts -- NAME…` runs these.
      for (const recipe of RECIPE_CASES.filter((c) => Deno.args.length === 0 || Deno.args.includes(c.recipe))) {
        await t.step(recipe.recipe, async () => {
          const missing = recipe.missing?.(bench) ?? null;
          if (missing !== null) return skip(`${recipe.recipe}: ${missing}`);
          const file = `${RECIPES}${recipe.recipe}.perf`;
          const plan = await planOf(await Deno.readTextFile(file), recipe.recipe, file);
          const refused = await runCase(recipe, plan, session, bench);
          if (refused !== null) skip(`${recipe.recipe}: ${refused}`);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
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
