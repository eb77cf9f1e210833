import assert from "node:assert/strict";
import { sonde } from "./sonde.ts";

/** Recipes that need no privilege to be explained: whatever the machine allows, there is an answer. */
const SPAN =
  "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.args.pid == end.next_pid for 1s | aggregate count()";

Deno.test("explain prints phases, sources, engines and results, as text and as JSON", async () => {
  const recipe = `${SPAN}\nlet p = collect proc.list | top 5 by rss\nexpect count(p) > 1`;
  const text = await sonde(["explain", "-e", recipe]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /^phase 1: start together, 1 s\n {2}result\n {4}source {2}span tracepoint:sched/);
  assert.match(text.out, /\n {4}result {2}count: int\n/);
  assert.match(
    text.out,
    /\n {2}p\n {4}source {2}proc.list\n {4}here {4}top 5 by rss desc\n[\s\S]*\nexpect count\(p\) > 1\n$/,
  );
  const json = await sonde(["explain", "--json", "-e", recipe]);
  const { schema, steps } = JSON.parse(json.out);
  assert.equal(schema, 1);
  assert.deepEqual(steps[0].pipelines.map((p: { name: string }) => p.name), ["result", "p"]);
});

Deno.test("explain and run end with 2 for an engine, a share or type information that is none", async () => {
  const recipe = "collect raw_tracepoint:sys_enter for 1s | aggregate count()";
  for (
    const [args, message] of [
      [["explain", "--engine", "warp"], /no engine "warp"\nEngines, best first: bpf/],
      [["run", "--engine", "warp"], /no engine "warp"\nEngines, best first: bpf/],
      [["run", "--budget", "500"], /--budget: "500" is no share of a CPU/],
      [["run", "--btf", "/nonexistent"], /--btf: cannot read "\/nonexistent"/],
      [["explain", "--btf", Deno.execPath()], /--btf: ".*" is no type information/],
    ] as const
  ) {
    const { code, err } = await sonde([...args, "-e", recipe]);
    assert.equal(code, 2, err);
    assert.match(err, message);
  }
});
