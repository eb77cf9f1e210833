import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import type { PipelinePlan, Plan, PlanStep } from "./plan.ts";
import { stageText } from "./stage_text.ts";

async function planOf(text: string): Promise<Plan> {
  const { plan, diagnostics } = await compile(text, TEST_REGISTRY);
  assert.deepEqual(diagnostics.map((d) => diagnosticText(d, "recipe")), []);
  return plan!;
}

function pipelines(steps: readonly PlanStep[]): PipelinePlan[] {
  return steps.flatMap((s) => s.kind === "phase" ? s.pipelines : s.kind === "derived" ? [s.pipeline] : []);
}

/** The stages of the only pipeline, as the language writes them. */
async function stagesOf(text: string): Promise<string[]> {
  return pipelines((await planOf(text)).steps).at(-1)!.stages.map(stageText);
}

const OPENS = "collect tracepoint:syscalls:sys_enter_openat for 1s";

Deno.test("window adds a column that the next aggregate groups by, and sorts by it", async () => {
  assert.deepEqual(await stagesOf(`${OPENS} | window 100ms | filter pid > 1 | aggregate count(), max(flags) by comm`), [
    "derive window = time - time % 100ms",
    "filter pid > 1",
    "aggregate count(), max(args.flags) as max_flags by window, comm",
    "sort window asc",
  ]);
  const [p] = pipelines((await planOf(`${OPENS} | window 1s | aggregate count()`)).steps);
  assert.deepEqual(p.fields.map((f) => `${f.name}: ${f.type}`), ["window: time", "count: int"]);
});

Deno.test("windows come in their order wherever their key is written", async () => {
  assert.deepEqual(await stagesOf(`${OPENS} | window 100ms | aggregate count() by comm, window`), [
    "derive window = time - time % 100ms",
    "aggregate count() by comm, window",
    "sort window asc",
  ]);
});

Deno.test("a rate in windows is that of a window", async () => {
  assert.deepEqual(await stagesOf(`${OPENS} | window 100ms | aggregate rate() as calls, count() by comm`), [
    "derive window = time - time % 100ms",
    "aggregate count() as calls, count() by window, comm",
    "select window, comm, calls / 100ms as calls, count",
    "sort window asc",
  ]);
});

Deno.test("window takes another column of times, and is kept by select", async () => {
  const span = "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch" +
    " on start.args.pid == end.args.next_pid for 1s";
  const stages = await stagesOf(
    `${span} | window 1s, end.time | select window, duration | aggregate max(duration)`,
  );
  assert.deepEqual(stages, [
    "derive window = end.time - end.time % 1s",
    "select window, duration",
    "aggregate max(duration) by window",
    "sort window asc",
  ]);
});

Deno.test("flame folds stacks to a profile, and names what it counts", async () => {
  const [p] = pipelines((await planOf("collect profile:99hz for 1s | aggregate flame() by comm")).steps);
  assert.deepEqual(p.stages.map(stageText), ["aggregate count() as #value by stack as #stack, comm"]);
  assert.deepEqual(p.fields, []);
  assert.deepEqual(p.ending, {
    kind: "flame",
    stack: "#stack",
    value: "#value",
    keys: ["comm"],
    sample: { name: "events", unit: "count" },
  });
  const calls = "collect calls kernel:vfs_read for 1s | aggregate flame(duration, ustack)";
  const [q] = pipelines((await planOf(calls)).steps);
  assert.deepEqual(q.stages.map(stageText), ["aggregate sum(duration) as #value by ustack as #stack"]);
  assert.deepEqual(q.ending?.kind === "flame" && q.ending.sample, { name: "duration", unit: "ns" });
});

Deno.test("series is the mean, or an aggregate, in steps; or in the windows that there are", async () => {
  assert.deepEqual(await stagesOf("collect process.exec for 1s | aggregate series(count(), 100ms) by comm"), [
    "derive #time = time - time % 100ms",
    "aggregate count() by #time, comm",
    "sort #time asc",
  ]);
  const windowed = `${OPENS} | window 2s | aggregate series(flags)`;
  assert.deepEqual(await stagesOf(windowed), [
    "derive window = time - time % 2s",
    "derive #time = window",
    "aggregate avg(args.flags) as flags by #time",
    "sort #time asc",
  ]);
});

Deno.test("join is done when the phase is over, over the columns that it needs", async () => {
  const plan = await planOf(
    `let names = collect host.info(level: 1)\nlet opens = ${OPENS} | filter pid > 1 | join names by comm == names.key | aggregate count() by value, cpu`,
  );
  assert.deepEqual(plan.steps.map((s) => s.kind), ["phase", "derived"]);
  const [names, before, after] = pipelines(plan.steps);
  assert.deepEqual([names.name, before.name, before.hidden, after.name], ["names", "opens#0", true, "opens"]);
  assert.deepEqual(before.stages.map(stageText), ["filter pid > 1", "select comm, cpu"]);
  assert.deepEqual(after.stages.map(stageText), [
    "join names by comm == names.key",
    "aggregate count() by value, cpu",
  ]);
  assert.deepEqual(plan.shown, ["names", "opens"]);
});

Deno.test("what only an engine can compute is computed before a join", async () => {
  const plan = await planOf(
    "let l = collect host.info(level: 1)\n" +
      "collect tracepoint:block:block_rq_issue for 1s | join l, left by comm == l.key | aggregate count() by str(ptr) as p",
  );
  const [, before, after] = pipelines(plan.steps);
  assert.deepEqual(before.stages.map(stageText), ["select comm, str(args.ptr) as str(args.ptr)"]);
  assert.equal(after.stages.map(stageText)[1], "aggregate count() by str(args.ptr) as p");
});

Deno.test("columns of the other side keep their names unless they are taken; anti adds none", async () => {
  const two = "let a = collect proc.list\nlet b = collect proc.list | aggregate max(cpu) as cpu, count() by comm\n";
  const fields = async (join: string): Promise<string[]> =>
    pipelines((await planOf(`${two}let c = a | ${join}`)).steps).at(-1)!.fields.map((f) => f.name);
  const own = ["pid", "tid", "comm", "cpu", "rss", "read_bytes", "wait", "threads"];
  assert.deepEqual(await fields("join b by comm"), [...own, "b_cpu", "count"]);
  assert.deepEqual(await fields("join b by comm == b.comm"), [...own, "b_comm", "b_cpu", "count"]);
  assert.deepEqual(await fields("join b, anti by comm"), own);
});

Deno.test("enrich collects with the pipeline what it needs of the collector", async () => {
  const plan = await planOf(`let opens = ${OPENS} | aggregate count() by pid | enrich proc.list(interval: 2s) by pid`);
  const [feed, before, after] = pipelines(plan.steps);
  assert.equal(feed.hidden, true);
  assert.deepEqual(feed.stages.map(stageText), [
    "select pid, tid, comm, cpu, rss, read_bytes, wait, threads",
  ]);
  assert.deepEqual([before.name, after.name], ["opens#0", "opens"]);
  assert.deepEqual(after.fields.map((f) => f.name).slice(0, 4), ["pid", "count", "tid", "comm"]);
  assert.deepEqual(plan.shown, ["opens"]);
});

Deno.test("detect adds what was expected, how odd a value is, and whether it is an anomaly", async () => {
  const text = "collect proc.list | detect rss, ema, 4 by comm | filter anomaly";
  const [p] = pipelines((await planOf(text)).steps);
  assert.deepEqual(p.stages.map(stageText), ["detect rss, ema, 4 by comm", "filter anomaly"]);
  assert.deepEqual(p.fields.slice(-3).map((f) => `${f.name}: ${f.type}`), [
    "expected: bytes",
    "score: float",
    "anomaly: bool",
  ]);
});

Deno.test("every has rounds of its own, alerts and forms", async () => {
  const plan = await planOf(
    'every 5s for 1m {\n  let a = collect proc.list | aggregate max(cpu) as cpu, hist(wait)\n  alert "hot" when max(a.cpu) > 90% for 10s with a\n' +
      "  show a as heatmap\n}",
  );
  const [every] = plan.steps;
  assert.equal(every.kind, "every");
  if (every.kind !== "every") return;
  assert.deepEqual(every.body.steps.map((s) => s.kind), ["phase", "alert"]);
  assert.deepEqual(every.body.shown, ["a"]);
  assert.deepEqual(every.body.forms, [
    { result: "a", form: "heatmap", time: "round_time", value: "hist_wait", keys: [] },
  ]);
  assert.deepEqual(plan.shown, []);
});

Deno.test("the lines of show as series are told apart by keys, not by what detect finds", async () => {
  const { forms } = await planOf(
    `let a = ${OPENS} | window 100ms | aggregate count() as opens by comm, flags > 0 as writes | detect opens by comm\n` +
      "show a as series",
  );
  assert.deepEqual(forms, [
    { result: "a", form: "series", time: "window", value: "opens", keys: ["comm", "writes"], more: ["expected"] },
  ]);
});

Deno.test("save writes one histogram, and histograms over time, as a picture", async () => {
  const one = "let a = collect proc.list | aggregate hist(wait)";
  const many = `let b = ${OPENS} | window 100ms | aggregate hist(flags)`;
  const plan = await planOf(`${one}\n${many}\nsave a to "a.svg"\nsave b to "b.svg"`);
  assert.deepEqual(plan.steps.flatMap((s) => s.kind === "save" ? [s.file] : []), ["a.svg", "b.svg"]);
  const { diagnostics } = await compile(`${one} by comm\nsave a to "a.svg"`, TEST_REGISTRY);
  assert.match(diagnostics[0].message, /^Only a profile, a series or a histogram is saved as .svg; "a" is a table$/);
});

const FILES: Readonly<Record<string, string>> = {
  "lib/top.perf":
    'recipe top "left out"\nparam n: int = 3\ninclude "more.perf"\nlet top = collect proc.list | top $n by cpu',
  "lib/more.perf": "param extra: int = 1",
  "lib/self.perf": 'include "again.perf"',
  "lib/again.perf": 'include "self.perf"',
  "lib/wrong.perf": "# a comment\nlet x = collect proc.list | filter bogus > 1",
};

async function withFiles(text: string): Promise<{ plan: Plan | null; texts: string[] }> {
  const { plan, diagnostics } = await compile(text, TEST_REGISTRY, {
    file: { id: "main.perf", name: "main.perf" },
    read(file, from) {
      const id = from === null || from === "main.perf" ? file : `lib/${file}`;
      return Promise.resolve(FILES[id] === undefined ? "there is no such file" : { id, name: id, text: FILES[id] });
    },
  });
  return { plan, texts: diagnostics.map((d) => diagnosticText(d, "main.perf")) };
}

Deno.test("include puts statements in its place, each file once, without the recipe line", async () => {
  const { plan, texts } = await withFiles(
    'recipe mine "title"\ninclude "lib/top.perf"\ninclude "lib/more.perf"\nexpect max(top.cpu) < 90%',
  );
  assert.deepEqual(texts, []);
  assert.deepEqual([plan!.recipe, plan!.params.map((p) => p.name), plan!.shown], ["mine", ["n", "extra"], ["top"]]);
});

Deno.test("files that are included share a parameter of one type; the recipe's own declaration counts", async () => {
  const first = await withFiles('include "lib/top.perf"\nparam n: int = 7 "mine"');
  assert.deepEqual(first.texts, []);
  const own = first.plan!.params.find((p) => p.name === "n")!;
  assert.deepEqual([own.doc, own.default?.op === "lit" && own.default.value], ["mine", 7n]);
  const last = await withFiles('param n: int = 8 "mine"\ninclude "lib/top.perf"');
  assert.deepEqual(last.plan!.params.map((p) => `${p.name} ${p.doc}`), ["n mine", "extra "]);
  assert.deepEqual(
    (await withFiles('param n: duration = 8s\ninclude "lib/top.perf"\ncollect process.exec for $n')).texts[0].split(
      "\n",
    )[0],
    'lib/top.perf:2:7: There is a parameter "n" already, which is a duration',
  );
});

Deno.test("include says where it is wrong: no file, itself, in a block, an error inside", async () => {
  assert.deepEqual((await withFiles('include "nope.perf"')).texts, [
    'main.perf:1:9: Cannot include "nope.perf": there is no such file\n  Paths are relative to the file that includes',
  ]);
  assert.deepEqual((await withFiles('include "lib/self.perf"')).texts, [
    'lib/again.perf:1:9: "self.perf" includes itself\n  lib/self.perf → lib/again.perf → lib/self.perf',
  ]);
  assert.deepEqual((await withFiles('every 1s for 2s { include "lib/top.perf" }')).texts, [
    "main.perf:1:19: include stands outside of blocks",
  ]);
  const [wrong] = (await withFiles('include "lib/wrong.perf"')).texts;
  assert.ok(wrong.startsWith('lib/wrong.perf:2:36: proc.list has no field "bogus"'), wrong);
});

Deno.test("a window that is written among the keys keeps its place, and its order", async () => {
  assert.deepEqual((await stagesOf(`${OPENS} | window 1s | aggregate count() by comm, window`)).slice(1), [
    "aggregate count() by comm, window",
    "sort window asc",
  ]);
});
