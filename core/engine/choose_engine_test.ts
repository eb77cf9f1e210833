import assert from "node:assert/strict";
import { UnsupportedError } from "../data/mod.ts";
import type { ProbeEngine, Support } from "../plugin_api/engine.ts";
import type { ProbeSpec } from "../query/mod.ts";
import { chooseEngine, requireEngine } from "./mod.ts";

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

Deno.test("chooseEngine() takes the first engine that can, and tells what the others said", () => {
  const choice = chooseEngine(spec, [engine("bpf", no), engine("perf", yes), engine("poll", yes)]);
  assert.equal(choice.engine?.name, "perf");
  assert.equal(choice.accuracy, "exact");
  assert.deepEqual(choice.asked, [
    { engine: "bpf", ok: false, reason: "not permitted", remedy: "Run as root." },
    { engine: "perf", ok: true, reason: "", remedy: "" },
  ]);
  assert.equal(requireEngine(choice, spec).name, "perf");
});

Deno.test("requireEngine() throws with every reason and a remedy when no engine can", () => {
  const choice = chooseEngine(spec, [engine("bpf", no), engine("perf", { ...no, reason: "no tracefs", remedy: "" })]);
  assert.throws(() => requireEngine(choice, spec), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /raw_tracepoint:sys_enter here: bpf: not permitted; perf: no tracefs/);
    assert.equal(error.remedy, "Run as root.");
    return true;
  });
});
