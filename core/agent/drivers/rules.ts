import type { AgentCall, AgentDriver, AgentState, Draft, DriverStep } from "../driver.ts";
import { type Facts, factsOf } from "../rules/facts.ts";
import { type Belief, infer } from "../rules/infer.ts";
import { builtinKnowledge, type Knowledge, type Probe } from "../rules/knowledge.ts";
import { planProbes } from "../rules/plan.ts";
import { type Verdict, verdictOf } from "../rules/verdict.ts";
import { goneText, writeReport } from "../rules/write_report.ts";

/** Length of the first look at everything, in seconds. */
const SWEEP_SECS = 2;
/** Longest later window, in seconds. */
const LOOK_SECS = 5;
/** Processes listed: enough for a quiet machine, bounded on a large one. */
const PROCESSES = 100;

/** Tools that look at everything, those of the USE sweep. */
const METRICS = "get_system_metrics";
const LIST = "list_processes";
const TOPOLOGY = "get_system_topology";

/** The driver that needs no model: hypotheses, evidence and log-odds from the knowledge base. */
export function rulesDriver(knowledge: Knowledge = builtinKnowledge()): AgentDriver {
  const think = (state: AgentState): { facts: Facts; belief: Belief; verdict: Verdict; windows: number } => {
    const facts = factsOf(state.observations, knowledge.scopes);
    const belief = infer(facts, knowledge, state.pid);
    const windows = Math.max(facts.windows(METRICS, "load").length, facts.windows(LIST, "summary").length);
    const verdict = verdictOf(belief, windows);
    // Nothing can be sure about a process that was not there to be looked at.
    const there = goneText(facts, state) === null;
    return {
      facts,
      belief,
      verdict: there ? verdict : { ...verdict, kind: "undecided", confidence: Math.min(0.3, verdict.confidence) },
      windows,
    };
  };
  const report = (state: AgentState, thought = think(state)): Draft => writeReport({ ...thought, knowledge, state });

  const next = (state: AgentState): DriverStep => {
    if (state.observations.every((o) => o.call.id === "given") && state.mayCallTools) {
      const secs = Math.min(SWEEP_SECS, state.measureNs >= 4e9 ? SWEEP_SECS : state.measureNs / 2e9);
      const calls = sweepCalls(state, secs);
      if (calls.length > 0) return { kind: "calls", thought: "USE sweep: every resource at once", calls };
    }
    const thought = think(state);
    const { belief, verdict, windows, facts } = thought;
    const left = state.measureLeftNs / 1e9;
    const may = (tool: string): boolean => state.tools.some((t) => t.name === tool);
    const called = new Set(state.observations.map((o) => o.call.tool));
    for (const probe of knowledge.probes) if (!may(probe.tool)) called.add(probe.tool);
    const plans = planProbes(belief, facts, knowledge, called);
    const sure = verdict.confidence >= state.threshold && windows >= 2;
    const done = (endedBy: "confidence" | "exhausted"): DriverStep => ({
      kind: "report",
      draft: report(state, thought),
      endedBy,
    });
    if (!state.mayCallTools || left < 0.9 || state.round >= state.maxRounds) {
      return done(sure ? "confidence" : "exhausted");
    }
    if (sure && plans.length === 0) return done("confidence");
    if (!may(METRICS) && !may(LIST) && plans.length === 0) return done("exhausted");

    // Halves, so that there is time to act on what a look shows; the last one takes the rest.
    const secs = left < 5 ? Math.max(1, Math.floor(left + 0.25)) : Math.min(LOOK_SECS, Math.floor(left / 2));
    const calls: AgentCall[] = plans.map(({ probe }) => {
      const { params } = state.tools.find((t) => t.name === probe.tool)!;
      const wanted: Probe["args"] = { ...probe.args, duration_secs: secs };
      const args = Object.entries(wanted)
        .filter(([name]) => Object.hasOwn(params, name))
        .map(([name, v]) => [name, v === "$pid" ? state.pid : v]);
      return { tool: probe.tool, args: Object.fromEntries(args) };
    });
    // A look beside the probes costs no time, and shows whether what the sweep saw lasts.
    calls.push(...lookCalls(state, secs));
    return { kind: "calls", thought: thoughtText(verdict, plans.map((p) => p.probe.tool)), calls };
  };

  return {
    name: "rules",
    next: (state) => Promise.resolve(next(state)),
    conclude: (state) => Promise.resolve({ draft: report(state) }),
  };
}

/** Calls of the USE sweep that the tools at hand allow. */
export function sweepCalls(state: AgentState, secs: number = SWEEP_SECS): AgentCall[] {
  const calls = lookCalls(state, secs);
  if (state.tools.some((t) => t.name === TOPOLOGY)) calls.push({ tool: TOPOLOGY, args: {} });
  return calls;
}

/** A look at machine and processes over the same window. */
function lookCalls(state: AgentState, secs: number): AgentCall[] {
  const may = (tool: string): boolean => state.tools.some((t) => t.name === tool);
  const whole = Math.max(1, Math.round(secs));
  const calls: AgentCall[] = [];
  if (may(METRICS)) calls.push({ tool: METRICS, args: { duration_secs: whole }, fresh: true });
  if (may(LIST)) calls.push({ tool: LIST, args: { duration_secs: whole, top_n: PROCESSES }, fresh: true });
  return calls;
}

function thoughtText(verdict: Verdict, tools: readonly string[]): string {
  const { leader, kind } = verdict;
  const share = Math.round(leader.probability * 100);
  const name = `${leader.hypothesis.type} (${leader.hypothesis.cause.en}), ${share} %`;
  const belief = kind === "healthy" ? "nothing seems wrong" : `leading: ${name}`;
  return `${belief}; next: ${tools.length > 0 ? `${tools.join(", ")} and ` : ""}a second look, to see whether it lasts`;
}
