import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { recipeRegistry } from "../cli/recipe_registry.ts";
import { openSession } from "../cli/session.ts";
import { mechanism } from "../bpf/mechanisms.ts";
import { recordsOf } from "../core/data/mod.ts";
import { compile, diagnosticText } from "../dsl/mod.ts";
import { bpftraceMaps, bpftraceRun, bpftraceVersion } from "./bpftrace_oracle.ts";
import { compileC } from "./compile_c.ts";
import { openBench } from "./kernels/smoke_bench.ts";
import { NOT_COMPARED, ONELINER_CASES, type OnelinerBench, type OnelinerCase } from "./oneliner_cases.ts";
import { runPlan } from "./run_plan.ts";
import { skip } from "./skip.ts";

const RECIPES = fileURLToPath(new URL("../recipes/oneliners/", import.meta.url));
const WORKLOAD = fileURLToPath(new URL("kernels/workload.c", import.meta.url));
const NAMES = [...Deno.readDirSync(RECIPES)].flatMap((f) => f.name.endsWith(".perf") ? [f.name.slice(0, -5)] : []);
const session = await openSession();

/** Said by the checker of what this version, or this kernel, does not know. */
const MISSING = new Set(["later", "unknown-field", "unknown-probe"]);

Deno.test("every one-liner is a recipe with a title, says which original it is, and is listed and compared", async () => {
  const page = await Deno.readTextFile(`${RECIPES}README.md`);
  assert.equal(NAMES.length, 21);
  for (const name of NAMES) {
    const text = await Deno.readTextFile(`${RECIPES}${name}.perf`);
    assert.match(text, new RegExp(`^recipe ${name} ".+\\?"\n\n# bpftrace (tutorial, lesson \\d+|README): `), name);
    assert.ok(page.includes(`[${name}](${name}.perf)`), `README.md does not list ${name}`);
    const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text));
    const wrong = diagnostics.filter((d) => !MISSING.has(d.code) && !/stack is no key/.test(d.message));
    assert.deepEqual(wrong.map((d) => diagnosticText(d, name)), []);
    if (plan) assert.ok(plan.params.every((p) => p.doc !== ""), "every parameter has a text");
  }
  const compared = ONELINER_CASES.map((c) => c.recipe);
  assert.deepEqual([...compared, ...Object.keys(NOT_COMPARED)].sort(), [...NAMES].sort());
});

Deno.test({
  name: "one-liners count what bpftrace counts over the same load at the same time",
  // The session listens for signals, as every command does.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const version = await bpftraceVersion(true);
    if (version === null || Deno.uid() !== 0) return skip("bpftrace needs to be installed and root");
    console.log(`bpftrace ${version}`);
    const directory = await Deno.makeTempDir({ prefix: "sonde_oneliners_" });
    try {
      const program = `${directory}/sonde_b${Deno.pid % 1_000_000}`;
      if (!await compileC(await Deno.readTextFile(WORKLOAD), program, ["-static"])) return skip("gcc is not installed");
      await using bench = openOnelinerBench(program, directory);
      // `deno test -A tests/oneliners_test.ts -- NAME…` compares these.
      for (const oneliner of ONELINER_CASES) {
        if (Deno.args.length > 0 && !Deno.args.includes(oneliner.recipe)) continue;
        await t.step(oneliner.recipe, () => compareBoth(oneliner, bench));
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

async function compareBoth(oneliner: OnelinerCase, bench: OnelinerBench): Promise<void> {
  let text = await Deno.readTextFile(`${RECIPES}${oneliner.recipe}.perf`);
  if (oneliner.kprobes && mechanism("kprobe", session.host).state !== "yes") {
    return skip(`${oneliner.recipe}: the kernel has no kprobes`);
  }
  if (oneliner.narrow) text = text.replace(/\n {2}\| (?=aggregate|select)/, `\n  | filter ${oneliner.narrow(bench)}$&`);
  const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text));
  if (!plan) return skip(`${oneliner.recipe}: ${diagnostics[0].message}`);
  if (oneliner.recipe === "opens_in_cgroup" && bench.cgroup === null) return skip("no cgroup v2 is mounted here");
  let rows: Record<string, unknown>[] = [];
  let unsupported = "";
  const result = await bpftraceRun(oneliner.program(bench), {
    json: true,
    newest: true,
    async work() {
      // No window but the load's: it ends what both measure.
      const params = { ...(plan.params.some((p) => p.name === "window") ? { window: "10m" } : {}) };
      const all = { ...params, ...oneliner.params?.(bench) };
      const report = await runPlan(plan, session, { params: all, work: () => oneliner.work(bench) });
      const [error] = report.errors;
      if (error?.kind === "unsupported") return void (unsupported = error.message.split("\n")[0]);
      assert.deepEqual(report.errors, []);
      const [shown] = report.shown;
      const table = report.results[shown];
      assert.equal(table.kind, "table");
      assert.deepEqual(table.quality.lost_by, {});
      rows = recordsOf(table);
    },
  });
  if (unsupported !== "") return skip(`${oneliner.recipe}: ${unsupported}`);
  assert.ok(oneliner.compare(rows, bpftraceMaps(result!.stdout), bench) > 0, "neither saw an event");
}

interface OwnedOnelinerBench extends OnelinerBench, AsyncDisposable {}

/** The bench of the kernel matrix, a process that reads, and a way to write to the disk. */
function openOnelinerBench(program: string, directory: string): OwnedOnelinerBench {
  const base = openBench(program);
  const reader = new Deno.Command("cat", { stdin: "piped", stdout: "piped" }).spawn();
  const writer = reader.stdin.getWriter();
  const echo = reader.stdout.getReader();
  const diskWriter = `${directory}/disk/${base.comm}`;
  const stopped = ["-c", 'kill -STOP $$; exec "$0" spin 1000', program];
  const spinner = new Deno.Command("/bin/sh", { args: stopped, stdin: "null" }).spawn();
  return {
    ...base,
    reader: reader.pid,
    async feed(sizes): Promise<void> {
      for (const size of sizes) {
        await writer.write(new Uint8Array(size));
        for (let got = 0; got < size;) got += (await echo.read()).value?.length ?? size;
      }
    },
    spinner: spinner.pid,
    async spin(): Promise<void> {
      // A signal to go on is lost on a process that has not stopped yet.
      while (!/^State:\tT/m.test(await Deno.readTextFile(`/proc/${spinner.pid}/status`)));
      spinner.kill("SIGCONT");
      assert.ok((await spinner.status).success);
    },
    async writeBlocks(bytes, times): Promise<void> {
      // dd under the name of the load.
      await Deno.mkdir(`${directory}/disk`, { recursive: true });
      await Deno.copyFile("/bin/dd", diskWriter);
      const args = ["if=/dev/zero", `of=${directory}/disk/file`, `bs=${bytes}`, `count=${times}`, "oflag=direct"];
      const { success, stderr } = await new Deno.Command(diskWriter, { args, stderr: "piped" }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await writer.close();
      echo.releaseLock();
      await reader.stdout.cancel();
      await reader.status;
      try {
        spinner.kill("SIGKILL");
      } catch (error) {
        // It ran, and ended.
        if (!(error instanceof TypeError)) throw error;
      }
      await spinner.status;
      base[Symbol.dispose]();
    },
  };
}
