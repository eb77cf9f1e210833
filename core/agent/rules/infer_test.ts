import assert from "node:assert/strict";
import fc from "fast-check";
import { manualClock } from "../clock.ts";
import type { Observation } from "../driver.ts";
import { investigate } from "../investigate.ts";
import { CASES, type MadeUpCase } from "../testdata/cases.ts";
import { fakeTools, type MachineWindow, metrics, processList, type Row } from "../testdata/machine.ts";
import { factsOf } from "./facts.ts";
import { type Contribution, HEALTHY, infer, SUREST, total } from "./infer.ts";
import { builtinKnowledge, type Rule } from "./knowledge.ts";
import { informationGain, planProbes } from "./plan.ts";
import { verdictOf } from "./verdict.ts";

const K = builtinKnowledge();

function observe(windows: readonly MachineWindow[]): Observation[] {
  return windows.flatMap((w, round) =>
    (["get_system_metrics", "list_processes"] as const).map((tool, i): Observation => ({
      call: { id: `c${round * 2 + i + 1}`, tool, args: {}, start_ns: 0, duration_ns: 2e9, ok: true, command: "" },
      round,
      results: tool === "list_processes" ? processList(w) : metrics(w),
    }))
  );
}

function beliefOf(windows: readonly MachineWindow[]): ReturnType<typeof infer> {
  return infer(factsOf(observe(windows), K.scopes), K);
}

function logOddsOf(windows: readonly MachineWindow[], id: string): number {
  return beliefOf(windows).standings.find((s) => s.hypothesis.id === id)!.logOdds;
}

const rule = (source: string): Rule => ({
  id: source,
  when: [],
  source,
  cite: "",
  claim: { en: "", zh: "" },
});
const contribution = (logOdds: number, source: string): Contribution => ({
  rule: rule(source),
  shownBy: { scope: "machine", key: "", rows: [], group: [] },
  activation: 1,
  logOdds,
});

Deno.test("total() damps the second rule of a source by half and adds independent ones whole", () => {
  assert.equal(total([contribution(2, "a"), contribution(1, "a")]), 2.5);
  assert.equal(total([contribution(2, "a"), contribution(1, "b")]), 3);
  assert.equal(total([contribution(2, "a"), contribution(-2, "a")]), 0);
});

Deno.test("total() never falls when a contribution grows or one is added that speaks for it", () => {
  const list = fc.array(fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.constantFrom("a", "b", "c")), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(fc.property(list, fc.nat(), fc.double({ min: 0, max: 5, noNaN: true }), (parts, at, more) => {
    const before = parts.map(([v, s]) => contribution(v, s));
    const grown = parts.map(([v, s], i) => contribution(i === at % parts.length ? v + more : v, s));
    assert.ok(total(grown) >= total(before) - 1e-9);
    assert.ok(total([...before, contribution(more, "b")]) >= total(before) - 1e-9);
  }));
});

Deno.test("probabilities of all hypotheses and of something else add up to one", () => {
  for (const c of CASES) {
    const b = beliefOf(c.windows);
    const sum = b.standings.reduce((s, x) => s + x.probability, b.other);
    assert.ok(Math.abs(sum - 1) < 1e-12);
  }
});

Deno.test("more of what shows a problem never makes it less likely", () => {
  const hot = (cpu: number, share: number): MachineWindow[] => [{
    cpus: [{ usage: cpu }, {}],
    processes: [{ pid: 9, ppid: 1, comm: "hot", cpu, system: cpu * share }],
  }];
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(unit, unit, unit, (a, b, share) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(logOddsOf(hot(more, 0.1), "hot_process") >= logOddsOf(hot(less, 0.1), "hot_process") - 1e-9);
      assert.ok(logOddsOf(hot(more, share), HEALTHY) <= logOddsOf(hot(less, share), HEALTHY) + 1e-9);
      const [user, kernel] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(logOddsOf(hot(1, kernel), "kernel_time") >= logOddsOf(hot(1, user), "kernel_time") - 1e-9);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a window in which it is not seen never makes a problem more likely", () => {
  for (const c of CASES.filter((c) => c.culprit !== null)) {
    const id = beliefOf([c.windows[0]]).standings.find((s) => s.hypothesis.id !== HEALTHY)!.hypothesis.id;
    assert.ok(logOddsOf([c.windows[0], {}], id) <= logOddsOf([c.windows[0]], id), c.name);
  }
});

Deno.test("one window, or one source, is never confident; nothing is surer than the knowledge can be", () => {
  for (const c of CASES) {
    const belief = beliefOf([c.windows[0]]);
    assert.ok(verdictOf(belief, 1).confidence < 0.8, c.name);
    assert.ok(verdictOf(belief, 2).confidence <= SUREST);
  }
});

/** Numbers of a row between those of a quiet one and its own. */
function mix(row: Row, t: number): Row {
  const keep = new Set([
    "pid",
    "ppid",
    "memory_limit",
    "cpu_quota",
    "periods",
    "threads",
    "parent_pid",
    "rss",
    "memory",
    "memory_ratio",
  ]);
  return Object.fromEntries(
    Object.entries(row).map(([k, v]) => [k, typeof v === "number" && !keep.has(k) ? v * t : v]),
  );
}

/** The machine of a case at part `t` of its load. */
function weakened(w: MachineWindow, t: number): MachineWindow {
  const rows = (list: readonly Row[] | undefined): Row[] | undefined => list?.map((r) => mix(r, t));
  const maybe = (r: Row | undefined): Row | undefined => r && mix(r, t);
  return {
    ...w,
    cpus: w.cpus && [mix(w.cpus[0], t), mix(w.cpus[1], t)],
    load: maybe(w.load),
    disk: maybe(w.disk),
    memory: maybe(w.memory),
    summary: maybe(w.summary),
    pressure: w.pressure && [w.pressure[0] * t, w.pressure[1] * t, w.pressure[2] * t],
    processes: rows(w.processes),
    cgroups: rows(w.cgroups),
    commands: rows(w.commands),
  };
}

async function diagnose(c: MadeUpCase, t: number): Promise<Awaited<ReturnType<typeof investigate>>["diagnosis"]> {
  const clock = manualClock();
  return (await investigate({ tools: fakeTools(c.windows.map((w) => weakened(w, t)), clock), clock })).diagnosis;
}

Deno.test("a weaker form of any case is found, undecided or no problem, but never another problem", async () => {
  for (const c of CASES) {
    for (let t = 0; t <= 1; t += 0.05) {
      const d = await diagnose(c, t);
      if (d.bottleneck_type === "unknown") continue;
      const said = `${c.name} at ${t.toFixed(2)}: ${d.bottleneck_type} ${d.confidence} ${d.root_cause}`;
      assert.equal(d.bottleneck_type, c.type, said);
      assert.equal(d.culprit?.comm, c.culprit, said);
    }
  }
});

Deno.test("planProbes() asks for the tool that separates the leaders, or names what the leader does", () => {
  const plan = (c: MadeUpCase): string[] => {
    const facts = factsOf(observe([c.windows[0]]), K.scopes);
    return planProbes(infer(facts, K), facts, K, new Set()).map((p) => p.probe.tool);
  };
  const by = (name: string): MadeUpCase => CASES.find((c) => c.name === name)!;
  assert.equal(plan(by("short-lived processes"))[0], "trace_processes");
  assert.equal(plan(by("hot function"))[0], "cpu_profile");
  assert.deepEqual(plan(by("idle machine")), []);
});

Deno.test("informationGain() is never negative and is zero for a rule about nothing that is open", () => {
  for (const c of CASES) {
    const belief = beliefOf([c.windows[0]]);
    for (const r of K.rules) assert.ok(informationGain(r, belief) >= -1e-12, `${c.name} ${r.id}`);
    assert.ok(Math.abs(informationGain({ ...rule("x"), moves: {} }, belief)) < 1e-12);
  }
});
