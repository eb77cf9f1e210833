import assert from "node:assert/strict";
import { UnsupportedError } from "../data/mod.ts";
import type { Tool } from "../plugin_api/mod.ts";
import { manualClock } from "./clock.ts";
import type { AgentDriver, AgentState, Draft, DriverStep, ForcedEnd } from "./driver.ts";
import { investigate } from "./investigate.ts";
import { CASES } from "./testdata/cases.ts";
import { fakeTool, fakeTools } from "./testdata/machine.ts";
import { testTable } from "./testdata/tables.ts";

const EMPTY: Draft = {
  severity: "info",
  bottleneck_type: "unknown",
  root_cause: "",
  recommendations: [],
  confidence: 0.9,
  culprit: null,
  findings: [],
  evidence: [],
  evidence_items: [],
  use_matrix: [],
  not_known: [],
};

/** A driver that plays a list of steps, then reports; it notes what it was shown and how it was made to end. */
function scripted(
  steps: readonly DriverStep[],
): AgentDriver & { readonly states: AgentState[]; readonly ends: ForcedEnd[] } {
  const states: AgentState[] = [];
  const ends: ForcedEnd[] = [];
  return {
    name: "scripted",
    states,
    ends,
    next: (state) => {
      states.push({ ...state, observations: [...state.observations] });
      const step = steps[states.length - 1];
      return Promise.resolve(step ?? { kind: "report", draft: EMPTY, endedBy: "confidence" });
    },
    conclude: (_, why) => {
      ends.push(why);
      return Promise.resolve({ draft: EMPTY });
    },
  };
}

const calls = (...list: readonly { tool: string; args?: Record<string, number | string> }[]): DriverStep => ({
  kind: "calls",
  thought: "",
  calls: list.map((c) => ({ tool: c.tool, args: c.args ?? {} })),
});
const LOOK = calls({ tool: "get_system_metrics", args: { duration_secs: 2 } });

Deno.test("investigate() ends by confidence when the driver reports", async () => {
  const clock = manualClock();
  const { diagnosis } = await investigate({ tools: fakeTools([{}], clock), clock, driver: scripted([LOOK]) });
  assert.equal(diagnosis.ended_by, "confidence");
  assert.equal(diagnosis.rounds, 1);
  assert.equal(diagnosis.tool_calls.length, 1);
  assert.equal(diagnosis.elapsed_s, 2);
  assert.equal(diagnosis.tool_calls[0].command, `sonde tool get_system_metrics '{"duration_secs":2}' --json`);
});

Deno.test("investigate() ends by rounds and still reports", async () => {
  const clock = manualClock();
  const driver = scripted(Array(9).fill(calls({ tool: "get_system_topology" })));
  const { diagnosis } = await investigate({ tools: fakeTools([{}], clock), clock, driver, maxRounds: 3 });
  assert.equal(diagnosis.ended_by, "rounds");
  assert.equal(diagnosis.rounds, 3);
  assert.deepEqual(driver.ends, ["rounds"]);
});

Deno.test("investigate() ends by time: windows are cut to what is left, then timed calls end it", async () => {
  const clock = manualClock();
  const long = calls({ tool: "cpu_profile", args: { duration_secs: 60 } });
  const driver = scripted([LOOK, long, calls({ tool: "list_processes", args: { duration_secs: 5 } })]);
  const { diagnosis } = await investigate({ tools: fakeTools([{}], clock), clock, driver, measureNs: 8e9 });
  assert.equal(diagnosis.ended_by, "time");
  assert.deepEqual(diagnosis.tool_calls.map((c) => c.args.duration_secs), [2, 6]);
  assert.ok(diagnosis.elapsed_s <= 8);
});

Deno.test("investigate() ends by time when the driver thinks longer than it may", async () => {
  const clock = manualClock();
  const driver: AgentDriver = {
    name: "slow",
    next: async (state) => {
      await clock.sleep(1e6, state.signal);
      return { kind: "report", draft: EMPTY, endedBy: "confidence" };
    },
    conclude: () => Promise.resolve({ draft: EMPTY }),
  };
  const running = investigate({ tools: fakeTools([{}], clock), clock, driver, measureNs: 5e9, thinkNs: 10e9 });
  await Promise.resolve();
  clock.advance(16e9);
  assert.equal((await running).diagnosis.ended_by, "time");
});

Deno.test("investigate() ends by tokens with the answer's reserve kept", async () => {
  const clock = manualClock();
  const step: DriverStep = { ...calls({ tool: "get_system_topology" }), tokens: 3000 } as DriverStep;
  const driver = scripted(Array(9).fill(step));
  const { diagnosis } = await investigate({ tools: fakeTools([{}], clock), clock, driver, tokenBudget: 10_000 });
  assert.equal(diagnosis.ended_by, "tokens");
  assert.equal(diagnosis.rounds, 2);
  assert.equal(driver.states[1].tokensLeft, 10_000 - 4096 - 3000);
});

Deno.test("investigate() ends by the user with what there is, and tools are told to stop", async () => {
  const clock = manualClock();
  const user = new AbortController();
  let told = false;
  const slow: Tool = {
    ...fakeTool(clock, "get_system_metrics", { duration_secs: { type: "integer", description: "" } }, () => ({})),
    run: (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          told = true;
          resolve({ load: testTable("load", [{ cpus: 2 }]) });
        });
        user.abort();
      }),
  };
  const { diagnosis } = await investigate({
    tools: [slow],
    clock,
    driver: scripted([LOOK, LOOK]),
    signal: user.signal,
  });
  assert.equal(diagnosis.ended_by, "user");
  assert.ok(told);
  assert.equal(diagnosis.tool_calls[0].ok, true, "what the tool had is kept");
});

Deno.test("investigate() ends by error when the driver throws, and the rules answer from what was seen", async () => {
  const clock = manualClock();
  let n = 0;
  const hot = CASES[0];
  const driver: AgentDriver = {
    name: "broken",
    next: () => n++ === 0 ? Promise.resolve(calls({ tool: "get_system_metrics" }, { tool: "list_processes" })) : fail(),
    conclude: () => fail(),
  };
  const { diagnosis } = await investigate({ tools: fakeTools(hot.windows, clock), clock, driver });
  assert.equal(diagnosis.ended_by, "error");
  assert.equal(diagnosis.findings[0].culprit?.comm, "hot");
  assert.match(diagnosis.not_known.join("\n"), /broken failed: no connection/);
});

function fail(): Promise<never> {
  return Promise.reject(new Error("no connection"));
}

Deno.test("errors of tools are observations: the investigation goes on and says what was not available", async () => {
  const clock = manualClock();
  const refusing: Tool = {
    ...fakeTool(clock, "cpu_profile", { pid: { type: "integer", description: "" } }, () => ({})),
    run: () => Promise.reject(new UnsupportedError("perf_event_open: EACCES", "Set kernel.perf_event_paranoid to 1")),
  };
  const tools = [...fakeTools(CASES[0].windows, clock, ["cpu_profile"]), refusing];
  const { diagnosis } = await investigate({ tools, clock });
  assert.equal(diagnosis.bottleneck_type, "cpu_bound");
  assert.equal(diagnosis.culprit?.function, undefined);
  assert.ok(diagnosis.not_known.some((n) => n.startsWith("cpu_profile: not available: perf_event_open: EACCES")));
});

Deno.test("a tool that hangs is given up after its time, not waited for", async () => {
  const clock = manualClock();
  const hung: Tool = {
    ...fakeTool(clock, "cpu_profile", { pid: { type: "integer", description: "" } }, () => ({})),
    run: () => {
      queueMicrotask(async () => {
        for (let i = 0; i < 20; i++) {
          await Promise.resolve();
          clock.advance(1e9);
        }
      });
      return new Promise(() => {});
    },
  };
  const driver = scripted([calls({ tool: "cpu_profile" })]);
  const { diagnosis } = await investigate({ tools: [hung], clock, driver, measureNs: 60e9, thinkNs: 60e9 });
  assert.equal(diagnosis.tool_calls[0].ok, false);
  assert.match(diagnosis.tool_calls[0].error!, /no answer within 10 s/);
});

Deno.test("identical calls within 60 s are answered from memory, fresh ones and later ones are made", async () => {
  const clock = manualClock();
  let runs = 0;
  const tool = fakeTool(clock, "count", { n: { type: "integer", default: 1, description: "" } }, () => {
    runs++;
    return {};
  });
  const same = calls({ tool: "count", args: { n: 1 } });
  const defaulted = calls({ tool: "count" });
  const fresh: DriverStep = { kind: "calls", thought: "", calls: [{ tool: "count", args: {}, fresh: true }] };
  const driver = scripted([same, defaulted, fresh]);
  const { diagnosis } = await investigate({ tools: [tool], clock, driver });
  assert.equal(runs, 2);
  assert.equal(diagnosis.tool_calls.length, 2);
  assert.equal(driver.states[2].observations[1].cachedSecs, 0);
  assert.equal(driver.states[2].observations[1].call.id, "c1");
});

Deno.test("tools with a forbidden effect, unknown tools and wrong arguments are refused with what would be right", async () => {
  const clock = manualClock();
  const run = fakeTool(clock, "run_external_tool", {}, () => ({}), "run");
  const driver = scripted([
    calls({ tool: "run_external_tool" }, { tool: "list_proceses" }, { tool: "cpu_profile", args: { pidd: 1 } }),
  ]);
  const { diagnosis } = await investigate({ tools: [...fakeTools([{}], clock), run], clock, driver });
  const errors = diagnosis.tool_calls.map((c) => c.error);
  assert.match(errors[0]!, /not permitted here: its effect is "run"/);
  assert.match(errors[1]!, /unknown tool "list_proceses" \(did you mean "list_processes"\?\)/);
  assert.match(errors[2]!, /unknown argument "pidd" \(did you mean "pid"\?\)/);
});

Deno.test("every call is recorded; a recorder that fails costs the recording, not the diagnosis", async () => {
  const clock = manualClock();
  const seen: string[] = [];
  const recorder = {
    appendCall: (record: { id: string }) => {
      seen.push(record.id);
      if (seen.length === 2) throw new Error("No space left on device");
    },
  };
  const { diagnosis } = await investigate({ tools: fakeTools(CASES[0].windows, clock), clock, recorder });
  assert.deepEqual(seen, ["c1", "c2"]);
  assert.equal(diagnosis.bottleneck_type, "cpu_bound");
  assert.ok(diagnosis.not_known.includes("No space left on device"));
});

Deno.test("full also calls what the driver did not, with ids of their own, and does not change the answer", async () => {
  const once = async (full: boolean): ReturnType<typeof investigate> => {
    const clock = manualClock();
    return await investigate({ tools: fakeTools([{}], clock), clock, full });
  };
  const [plain, full] = [await once(false), await once(true)];
  const missing = new Set(["cpu_profile", "trace_processes"]);
  for (const m of plain.calls) missing.delete(m.record.tool);
  const extra = full.calls.filter((m) => m.record.id.startsWith("x"));
  assert.deepEqual(new Set(extra.map((m) => m.record.tool)), missing);
  assert.deepEqual({ ...full.diagnosis, tool_calls: 0 }, { ...plain.diagnosis, tool_calls: 0 });
});

Deno.test("without tools, the answer comes from the results given", async () => {
  const hot = CASES[0].windows[0];
  const { processList, metrics } = await import("./testdata/machine.ts");
  const given = { mine: processList(hot).processes, load: metrics(hot).load, cpus: metrics(hot).cpu };
  const { diagnosis } = await investigate({ tools: [], given, mayCallTools: false, clock: manualClock() });
  assert.equal(diagnosis.tool_calls.length, 0);
  assert.equal(diagnosis.findings[0].culprit?.comm, "hot");
  const item = diagnosis.evidence_items.find((e) => e.path.startsWith("/results/mine/"));
  assert.equal(item?.call, "given");
  assert.ok(diagnosis.confidence < 0.8, "one window is no proof");
});

Deno.test("a process asked about is preferred to a stranger; one that is gone is told", async () => {
  const clock = manualClock();
  const windows = [{
    cpus: [{ usage: 1 }, { usage: 1 }] as const,
    processes: [
      { pid: 10, ppid: 1, comm: "other", cpu: 0.98 },
      { pid: 11, ppid: 1, comm: "asked", cpu: 0.9 },
    ],
  }];
  const asked = await investigate({ tools: fakeTools(windows, clock), clock, pid: 11 });
  assert.equal(asked.diagnosis.culprit?.comm, "asked");
  const clock2 = manualClock();
  const gone = await investigate({ tools: fakeTools(windows, clock2), clock: clock2, pid: 999 });
  assert.ok(gone.diagnosis.not_known.some((n) => n.includes("Process 999 is not there")));
});

Deno.test("the report is written in Chinese when asked", async () => {
  for (const c of CASES) {
    const clock = manualClock();
    const { diagnosis } = await investigate({ tools: fakeTools(c.windows, clock), clock, lang: "zh" });
    assert.match(diagnosis.root_cause, /[\u4e00-\u9fff]/);
    for (const line of [...diagnosis.evidence, ...diagnosis.recommendations]) assert.match(line, /[\u4e00-\u9fff]/);
  }
});
