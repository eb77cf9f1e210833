import type { Json } from "../../data/mod.ts";
import type { DetailLevel } from "../digest.ts";
import type { AgentCall, AgentDriver, AgentState, Draft, DriverStep, Observation } from "../driver.ts";
import { evidenceList } from "../rules/evidence.ts";
import { factsOf } from "../rules/facts.ts";
import { builtinKnowledge, type Knowledge } from "../rules/knowledge.ts";
import { useMatrix } from "../rules/use_matrix.ts";
import { estimateTokens } from "../../render/digest/tokens.ts";
import { type ChatCall, type ChatModel, type ChatReply, type ChatTool, CutStreamError } from "./chat_model.ts";
import { conversation, fence, observationLine, observationText } from "./conversation.ts";
import { MODEL_REPORT, parseReport } from "./model_report.ts";
import { systemPrompt } from "./prompt.ts";
import { rulesDriver, sweepCalls } from "./rules.ts";

/** Tokens a model may answer with. */
const ANSWER_TOKENS = 4096;
/** Streams that break off are asked again so often. */
const CUT_RETRIES = 2;
/** Reports that are refused, answers without a call, steps that repeat: after so many the loop ends. */
const PATIENCE = 3;

/** Settings of {@linkcode llmDriver} that tests fix. */
export interface LlmOptions {
  readonly knowledge?: Knowledge;
  /** Mark of fences; random by default. */
  readonly nonce?: string;
}

/** A driver that lets a model choose. It sees the sweep first; its report is checked against the results. */
export function llmDriver(model: ChatModel, options: LlmOptions = {}): AgentDriver {
  const knowledge = options.knowledge ?? builtinKnowledge();
  const nonce = options.nonce ?? crypto.randomUUID().slice(0, 8);
  const talk = conversation();
  let opened = false;
  let told = 0;
  let lastCalls = "";
  let repeats = 0;
  let silent = 0;
  let refused = 0;
  let tokens = 0;

  /** Adds what has been observed since the last step to the conversation. */
  const tell = (state: AgentState): void => {
    const fresh = state.observations.slice(told);
    told = state.observations.length;
    const level = levelOf(state, knowledge);
    if (!opened) {
      const text = openingText(state, fresh, level, nonce);
      talk.open(text);
      tokens += estimateTokens(text);
      opened = true;
      return;
    }
    for (const o of fresh) {
      const text = observationText(o, level, nonce);
      tokens += estimateTokens(text);
      talk.result(o.ref ?? "", text, o.results === null, observationLine(o));
    }
  };

  const ask = async (state: AgentState, mustCall?: string): Promise<ChatReply> => {
    const tools = [...state.tools.filter((t) => t.name !== MODEL_REPORT.name), MODEL_REPORT] as readonly ChatTool[];
    const system = systemPrompt(state, tools, nonce);
    if (tokens === 0) tokens += estimateTokens(system);
    for (let attempt = 0;; attempt++) {
      try {
        const messages = talk.messages(state.observations);
        const reply = await model.send({
          system,
          messages,
          tools,
          mustCall,
          maxTokens: ANSWER_TOKENS,
          signal: state.signal,
        });
        tokens += estimateTokens(reply.text + reply.calls.map((c) => c.name + c.argsText).join(" "));
        talk.answered(reply.text, reply.calls);
        return reply;
      } catch (error) {
        if (!(error instanceof CutStreamError) || attempt >= CUT_RETRIES) throw error;
      }
    }
  };

  /** The report among the calls, checked; what was wrong is told to the model. */
  const reported = (reply: ChatReply, state: AgentState, last: boolean): Draft | null => {
    const call = reply.calls.find((c) => c.name === MODEL_REPORT.name);
    if (!call) return null;
    const args = parseArgs(call);
    const parsed = "error" in args
      ? { ok: false as const, error: args.error }
      : parseReport(args.value, state, knowledge);
    if (parsed.ok && (parsed.unresolved.length === 0 || last || refused >= PATIENCE - 1)) return parsed.draft;
    refused++;
    const problem = parsed.ok
      ? `These citations do not resolve to a single value: ${
        parsed.unresolved.map((u) => u.slice(0, 120)).join("; ")
      }. ` +
        "Cite as [c2 /results/NAME/rows/ROW/COLUMN], from results you were shown."
      : parsed.error;
    for (const c of reply.calls) {
      talk.result(c.id, c === call ? problem : "not run: a report was made", true, "refused");
    }
    return null;
  };

  const spent = (): number => {
    const n = tokens;
    tokens = 0;
    return n;
  };

  /** Asks for nothing but the report. */
  const finish = async (state: AgentState): Promise<Draft> => {
    for (let attempt = 1; attempt <= PATIENCE; attempt++) {
      const reply = await ask(state, MODEL_REPORT.name);
      const draft = reported(reply, state, attempt === PATIENCE);
      if (draft) return draft;
      if (reply.calls.length === 0) talk.remind(`Call ${MODEL_REPORT.name} now.`);
    }
    throw new Error("the model gave no report that could be read");
  };

  const next = async (state: AgentState): Promise<DriverStep> => {
    if (state.observations.every((o) => o.call.id === "given") && state.mayCallTools && !opened) {
      const calls = sweepCalls(state);
      if (calls.length > 0 && state.round === 1) {
        return { kind: "calls", thought: "USE sweep: every resource at once", calls };
      }
    }
    tell(state);
    while (true) {
      const reply = await ask(state);
      const draft = reported(reply, state, false);
      if (draft) return { kind: "report", draft, endedBy: endOf(draft, state), tokens: spent() };
      if (reply.calls.some((c) => c.name === MODEL_REPORT.name)) continue;
      if (reply.calls.length === 0 || !state.mayCallTools) {
        for (const c of reply.calls) talk.result(c.id, "no tool may be called here", true, "refused");
        if (++silent >= PATIENCE) {
          return { kind: "report", draft: await finish(state), endedBy: "exhausted", tokens: spent() };
        }
        talk.remind(`Call a tool, or ${MODEL_REPORT.name} to end.`);
        continue;
      }
      const key = JSON.stringify(reply.calls.map((c) => [c.name, c.argsText]));
      repeats = key === lastCalls ? repeats + 1 : 0;
      lastCalls = key;
      if (repeats >= PATIENCE - 1) {
        for (const c of reply.calls) {
          talk.result(c.id, "the same call again: its answer does not change", true, "repeat");
        }
        talk.remind(`You repeat yourself. Call ${MODEL_REPORT.name} with what you have.`);
        return { kind: "report", draft: await finish(state), endedBy: "exhausted", tokens: spent() };
      }
      return { kind: "calls", thought: reply.text.slice(0, 500), calls: reply.calls.map(agentCall), tokens: spent() };
    }
  };

  return {
    name: model.name,
    next,
    conclude: async (state, why) => {
      // The user waits, or the model cannot be reached: the rules answer from the same results at once.
      if (why === "user" || why === "error") return await rulesDriver(knowledge).conclude(state, why);
      tell(state);
      talk.remind(`No ${why} left for measuring. Call ${MODEL_REPORT.name} with what you have.`);
      return { draft: await finish(state), tokens: spent() };
    },
  };
}

function openingText(
  state: AgentState,
  observations: readonly Observation[],
  level: DetailLevel,
  nonce: string,
): string {
  const question = state.question || "Why is this machine slow? If nothing is wrong, say so.";
  const about = state.pid > 0 ? `\nIt is about process ${state.pid}.` : "";
  const seen = observations.map((o) => observationText(o, level, nonce)).join("\n");
  return `Question: ${fence(question, nonce)}${about}\n\nWhat was measured first:\n${seen || "nothing"}`;
}

/** Two once a resource is in trouble, else one; the third level is asked for by folded_stacks. */
function levelOf(state: AgentState, knowledge: Knowledge): DetailLevel {
  const matrix = useMatrix(factsOf(state.observations, knowledge.scopes), knowledge, state.lang, evidenceList());
  const bad = matrix.some((r) => [r.utilization, r.saturation, r.errors].some((c) => c.state === "bad"));
  return bad ? 2 : 1;
}

function endOf(draft: Draft, state: AgentState): "confidence" | "exhausted" {
  return draft.confidence >= state.threshold ? "confidence" : "exhausted";
}

function parseArgs(call: ChatCall): { value: Json } | { error: string } {
  try {
    return { value: JSON.parse(call.argsText || "{}") as Json };
  } catch (error) {
    return { error: `the arguments are no JSON: ${(error as Error).message.slice(0, 200)}` };
  }
}

function agentCall(call: ChatCall): AgentCall {
  const args = parseArgs(call);
  if ("error" in args) return { tool: call.name, args: {}, ref: call.id, broken: args.error };
  const value = args.value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { tool: call.name, args: {}, ref: call.id, broken: "the arguments must be a JSON object" };
  }
  return { tool: call.name, args: value as { readonly [key: string]: Json }, ref: call.id };
}
