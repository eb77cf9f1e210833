import assert from "node:assert/strict";
import { UnsupportedError } from "../data/mod.ts";
import type { ProbeEngine, Support } from "../plugin_api/engine.ts";
import { fieldRef, literal, type ProbeSpec, test } from "../query/mod.ts";
import { chooseEngine, chooseForSplit, pollEngine, requireEngine } from "./mod.ts";

const spec: ProbeSpec = {
  source: { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] },
  steps: [],
  output: { kind: "stream", fields: [], ringBytes: 0 },
  includeSelf: false,
};

function engine(name: string, support: Support): ProbeEngine {
  return {
    name,
    supports: () => support,
    open: () => {
      throw new Error("not opened here");
    },
  };
}

const yes: Support = { ok: true, accuracy: "exact" };
const no: Support = { ok: false, reason: "not permitted", remedy: "Run as root." };

Deno.test("chooseEngine() takes the first engine that can, and tells what the others said", async () => {
  const choice = await chooseEngine(spec, [engine("bpf", no), engine("perf", yes), engine("poll", yes)]);
  assert.equal(choice.engine?.name, "perf");
  assert.equal(choice.accuracy, "exact");
  assert.deepEqual(choice.asked, [
    { engine: "bpf", ok: false, reason: "not permitted", remedy: "Run as root." },
    { engine: "perf", ok: true, reason: "", remedy: "" },
  ]);
  assert.equal(requireEngine(choice, spec).name, "perf");
});

Deno.test("requireEngine() throws with every reason and a remedy when no engine can", async () => {
  const choice = await chooseEngine(spec, [
    engine("bpf", no),
    engine("perf", { ...no, reason: "no tracefs", remedy: "" }),
  ]);
  assert.throws(() => requireEngine(choice, spec), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /raw_tracepoint:sys_enter here: bpf: not permitted; perf: no tracefs/);
    assert.equal(error.remedy, "Run as root.");
    return true;
  });
});

Deno.test("chooseForSplit() asks no lesser engine once a better one could give the bare events", async () => {
  const filtered: ProbeSpec = {
    ...spec,
    steps: [
      { kind: "filter", expr: test("==", fieldRef("comm", "string"), literal("x")) },
      { kind: "derive", derived: { name: "double", expr: fieldRef("args.id", "int") } },
    ],
    output: {
      kind: "aggregate",
      keys: [],
      aggregates: [{ name: "m", fn: "max", args: [fieldRef("double", "int")] }],
      maxKeys: 9,
    },
  };
  const asked: ProbeSpec[] = [];
  const bareOnly: ProbeEngine = {
    ...engine("bpf", no),
    supports: (s) => {
      asked.push(s);
      return s.output.kind === "stream" && s.steps.length === 0 ? yes : no;
    },
  };
  const choice = await chooseForSplit(filtered, [bareOnly, engine("perf", yes)]);
  assert.equal(choice.engine, null);
  assert.equal(choice.settled, true);
  assert.deepEqual(choice.asked.map((a) => a.engine), ["bpf"]);
  const { output } = asked[1];
  assert.deepEqual(output.kind === "stream" && output.fields.map((f) => f.name), ["comm", "args.id"]);
  assert.equal((await chooseForSplit(spec, [bareOnly, engine("perf", yes)])).engine?.name, "bpf");
  assert.equal((await chooseForSplit(filtered, [engine("bpf", no), engine("perf", yes)])).engine?.name, "perf");
  assert.equal((await chooseForSplit(filtered, [engine("bpf", no)])).settled, false);
});

Deno.test("pollEngine() takes no event probe, and says why and what to do", () => {
  const poll = pollEngine();
  const support = poll.supports(spec);
  assert.ok(!support.ok);
  assert.match(support.reason, /states, not events/);
  assert.match(support.remedy, /collector/);
  assert.throws(() => poll.open(spec), UnsupportedError);
});
