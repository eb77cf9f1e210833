import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { addHeader } from "../../dsl/mod.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = new URL("./main.ts", import.meta.url).href;
const RECIPE = `recipe few "A test"
param n: int = 3
let few = collect proc.list(interval: 50ms) | filter pid > 0 | sort pid | limit $n | select pid, comm
expect count(few) == $n
`;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function denoRun(cwd: string, ...args: string[]): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** An empty directory outside of the project, so that no configuration of ours is found. */
async function inEmptyDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sonde_recipe_" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("deno run -A recipes/NAME.perf runs the plain text of a recipe inside the project", async () => {
  const { code, stdout, stderr } = await denoRun(
    ROOT,
    "recipes/top_memory.perf",
    "--json",
    "--param",
    "rows=2",
    "--param",
    "least=0%",
  );
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.recipe, "top_memory");
  assert.deepEqual(Object.keys(report.results), ["processes", "memory"]);
  assert.equal(report.results.processes.rows.length, 2);
  assert.equal(report.expects[0].outcome, "pass");
});

Deno.test("a recipe with a header runs in an empty directory outside the project", async () => {
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/few.perf`, addHeader(RECIPE, MAIN));
    const { code, stdout, stderr } = await denoRun(directory, "few.perf", "--json", "--param", "n=2");
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.equal(report.results.few.rows.length, 2);
    assert.deepEqual(report.expects.map((e: { outcome: string }) => e.outcome), ["pass"]);
  });
});

Deno.test("a recipe that imports sonde/run runs inside the project", async () => {
  const directory = await Deno.makeTempDir({ dir: ROOT, prefix: ".test_recipe_" });
  try {
    await Deno.writeTextFile(`${directory}/few.perf`, addHeader(RECIPE, "sonde/run"));
    const { code, stdout, stderr } = await denoRun(directory, "few.perf");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^few\npid +comm\n/);
    assert.match(stdout, /pass +count\(few\) == \$n \(3\)/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a recipe with errors runs nothing, tells file:line:column of the file as it is, and exits with 2", async () => {
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/bad.perf`, addHeader("collect proc.lst", MAIN));
    const bad = await denoRun(directory, "bad.perf", "--json");
    assert.equal(bad.code, 2);
    assert.equal(bad.stdout, "");
    assert.match(bad.stderr, /^bad\.perf:4:9: There is no collector "proc\.lst"\n {2}Did you mean proc\.list\?/);
    const help = await denoRun(ROOT, "recipes/top_memory.perf", "--help");
    assert.equal(help.code, 0);
    assert.match(
      help.stdout,
      /^recipes\/top_memory\.perf: Who holds the memory.*\n\nParameters:\n {2}rows: int = 15 .*\n {2}least: ratio = 5% /,
    );
    const wrong = await denoRun(directory, "bad.perf", "--help");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stdout, /^Options of a recipe:[^]*--watch[^]*--junit/);
    const option = await denoRun(directory, "bad.perf", "--jsn");
    assert.equal(option.code, 2);
    assert.match(option.stderr, /--jsn/);
  });
});

Deno.test("an expect that fails exits with 1 and says so; a wrong parameter with 2", async () => {
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/few.perf`,
      addHeader(`${RECIPE}expect count(few) > 99 else "too few"`, MAIN),
    );
    const failed = await denoRun(directory, "few.perf", "--junit", "few.xml");
    assert.equal(failed.code, 1, failed.stderr);
    const junit = await Deno.readTextFile(`${directory}/few.xml`);
    assert.match(junit, /<testsuites name="few" tests="2" failures="1" errors="0"[^]*message="too few"/);
    assert.match(failed.stdout, /fail +count\(few\) > 99 \(3\)\n +too few/);
    const wrong = await denoRun(directory, "few.perf", "--param", "n=many");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--param n=many: "many" is no int/);
  });
});

Deno.test("a source that would never end is refused when output is no terminal", async () => {
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/x.perf`, addHeader("collect process.exec", MAIN));
    const { code, stderr } = await denoRun(directory, "x.perf");
    assert.equal(code, 2);
    assert.match(stderr, /"result" has no "for": it would run until it is stopped\nAdd a window/);
  });
});

Deno.test("SIGINT ends the window, and what was measured is reported with exit code 0", async () => {
  await inEmptyDirectory(async (directory) => {
    // The first phase ends at once and leaves a file: the second, a minute long, is about to run then.
    const recipe = `let a = collect proc.list(interval: 50ms) | aggregate count()
save a to "first.json"
when a.count > 0 { collect proc.list(interval: 60s) | aggregate count() }`;
    await Deno.writeTextFile(`${directory}/x.perf`, addHeader(recipe, MAIN));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "x.perf", "--json"],
      cwd: directory,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await untilFile(`${directory}/first.json`);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await child.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const report = JSON.parse(new TextDecoder().decode(stdout));
    assert.equal(report.interrupted, true);
    assert.equal(report.results.a.rows.length, 1);
    assert.match(new TextDecoder().decode(stderr), /Stopped before the end/);
  });
});

async function untilFile(path: string): Promise<void> {
  for (;;) {
    try {
      await Deno.stat(path);
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
