import { type Diagnosis, errorText, mergeQuality, type Quality, quality, type Results } from "../data/mod.ts";
import type { Effect, Tool } from "../plugin_api/mod.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { AgentCall, AgentDriver, AgentState, Draft, DriverStep, ForcedEnd, Lang, Observation } from "./driver.ts";
import { rulesDriver } from "./drivers/rules.ts";
import { givenObservation } from "./given.ts";
import { type CallSink, type MadeCall, toolRunner } from "./tool_runner.ts";

/** Something worth showing while it runs. */
export type AgentEvent =
  | { readonly kind: "round"; readonly round: number; readonly thought: string; readonly calls: readonly string[] }
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "observation"; readonly observation: Observation }
  | { readonly kind: "end"; readonly why: Diagnosis["ended_by"] };

/** What to investigate, with what, and for how long. */
export interface InvestigateOptions {
  readonly tools: readonly Tool[];
  readonly driver?: AgentDriver;
  readonly question?: string;
  /** The process asked about; 0 (default) is the whole machine. */
  readonly pid?: number;
  /** Measuring time in nanoseconds, shared by the sweep and all tool calls. Default 8 s. */
  readonly measureNs?: number;
  /** Time for thinking and answering on top of it, in nanoseconds. Default 10 s; a model over the network needs more. */
  readonly thinkNs?: number;
  /** Confidence at which the loop ends, 0–1. Default 0.8. */
  readonly threshold?: number;
  /** Default 12. */
  readonly maxRounds?: number;
  /** Tokens the whole conversation may grow to. Default 128 Ki, of which 4 Ki are kept for the answer. */
  readonly tokenBudget?: number;
  /** What tools may do to the machine. Default read and probe. */
  readonly effects?: readonly Effect[];
  readonly lang?: Lang;
  /** Results that are known already; they are the first observation. */
  readonly given?: Results;
  /** False: answer from `given` alone. Default true. */
  readonly mayCallTools?: boolean;
  /** Also calls every read and probe tool that the driver did not, in the same time; for recordings. */
  readonly full?: boolean;
  /** That of the replay, when the tools are one. Default: the machine's. */
  readonly clock?: Clock;
  /** Aborted when the user stops it. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: AgentEvent) => void;
  /** Where every call goes with its results. */
  readonly recorder?: CallSink;
}

/** Tokens kept for the answer. */
export const ANSWER_TOKENS = 4096;

/**
 * Finds out why the machine is slow: observe, think, act, until the driver is confident, or rounds, time or tokens are
 * spent, or the user stops it. Always ends in a report.
 */
export async function investigate(
  options: InvestigateOptions,
): Promise<{ readonly diagnosis: Diagnosis; readonly calls: readonly MadeCall[] }> {
  const clock = options.clock ?? systemClock;
  const driver = options.driver ?? rulesDriver();
  const signal = options.signal ?? new AbortController().signal;
  const emit = options.onEvent ?? (() => {});
  const startNs = clock.now();
  const measureNs = options.measureNs ?? 8e9;
  const wallNs = measureNs + (options.thinkNs ?? 10e9);
  const maxRounds = options.maxRounds ?? 12;
  const effects = options.effects ?? ["read", "probe"];
  const mayCallTools = options.mayCallTools ?? true;
  const tools = mayCallTools ? options.tools.filter((t) => effects.includes(t.effect)) : [];
  let recordError: string | null = null;
  const record = (write: () => void): void => {
    if (recordError !== null) return;
    try {
      write();
    } catch (error) {
      // A full disk must not cost the diagnosis; the report says that the recording is incomplete.
      recordError = errorText(error);
    }
  };
  const recorder: CallSink = {
    appendCall: (call, results) => record(() => options.recorder?.appendCall(call, results)),
  };
  const runner = toolRunner({
    tools: options.tools,
    effects: mayCallTools ? effects : [],
    clock,
    startNs,
    progress: (text) => emit({ kind: "progress", text }),
    sink: recorder,
  });
  const observations: Observation[] = [];
  if (options.given) observations.push(givenObservation(options.given));

  let round = 0;
  let measured = 0;
  let tokens = 0;
  const tokenLimit = (options.tokenBudget ?? 128 * 1024) - ANSWER_TOKENS;
  const left = (): number => Math.max(0, measureNs - measured);
  const state = (): AgentState => ({
    question: options.question ?? "",
    pid: options.pid ?? 0,
    lang: options.lang ?? "en",
    tools,
    mayCallTools,
    observations,
    round: round + 1,
    maxRounds,
    measureLeftNs: left(),
    measureNs,
    threshold: options.threshold ?? 0.8,
    tokensLeft: Math.max(0, tokenLimit - tokens),
    signal,
  });

  /** One batch of calls, its time taken from the measuring time. */
  const act = async (calls: readonly AgentCall[], extra: readonly AgentCall[]): Promise<void> => {
    const began = clock.now();
    const over = new AbortController();
    const stop = new AbortController();
    const onUser = (): void => stop.abort(signal.reason);
    if (signal.aborted) onUser();
    signal.addEventListener("abort", onUser);
    // Tools end their windows themselves; this only catches those that do not keep to it.
    const limit = clock.sleep(left() / 1e6 + 1500, over.signal).then(() => {
      if (!over.signal.aborted) stop.abort(new DOMException("The measuring time is spent", "TimeoutError"));
    });
    const limits = { round, signal: stop.signal, measureLeftNs: left() };
    const unseen = runner.runUnseen(extra, limits);
    const seen = await runner.run(calls, limits);
    await unseen;
    over.abort();
    await limit;
    signal.removeEventListener("abort", onUser);
    measured += clock.now() - began;
    for (const observation of seen) {
      observations.push(observation);
      emit({ kind: "observation", observation });
    }
  };

  /** Tools the driver has left out, for a full recording. */
  const leftOut = (calls: readonly AgentCall[], secs: number): AgentCall[] => {
    if (options.full !== true) return [];
    const used = new Set([...runner.made.map((m) => m.record.tool), ...calls.map((c) => c.tool)]);
    return tools.filter((t) => !used.has(t.name) && t.required.length === 0 && t.name !== REPORT_TOOL)
      .map((t) => ({
        tool: t.name,
        args: {
          ...(t.params.duration_secs ? { duration_secs: secs } : {}),
          ...(t.params.pid && options.pid ? { pid: options.pid } : {}),
        },
      }));
  };

  const outcome = await (async (): Promise<{ draft: Draft; endedBy: Diagnosis["ended_by"]; note?: string }> => {
    const forced = async (
      why: ForcedEnd,
      note?: string,
    ): Promise<{ draft: Draft; endedBy: Diagnosis["ended_by"]; note?: string }> => {
      try {
        const limit = Math.max(2000, Math.min(20_000, (startNs + wallNs - clock.now()) / 1e6));
        const { draft } = await within(driver.conclude(state(), why), limit, clock);
        return { draft, endedBy: why, note };
      } catch (error) {
        const { draft } = await rulesDriver().conclude(state(), why);
        return { draft, endedBy: why, note: note ?? `${driver.name} gave no answer: ${errorText(error)}` };
      }
    };
    while (true) {
      if (signal.aborted) return await forced("user");
      if (tokens >= tokenLimit) return await forced("tokens");
      if (round >= maxRounds) return await forced("rounds");
      const wallLeft = startNs + wallNs - clock.now();
      if (wallLeft <= 0) return await forced("time");
      let step: DriverStep;
      try {
        step = await within(abortable(driver.next(state()), signal), wallLeft / 1e6, clock);
      } catch (error) {
        if (signal.aborted) return await forced("user");
        if (error instanceof DOMException && error.name === "TimeoutError") return await forced("time");
        return await forced("error", `${driver.name} failed: ${errorText(error)}`);
      }
      tokens += step.tokens ?? 0;
      if (step.kind === "report") {
        const spent = step.endedBy === "exhausted" && mayCallTools && left() < 100e6;
        return { draft: step.draft, endedBy: spent ? "time" : step.endedBy };
      }
      round++;
      emit({ kind: "round", round, thought: step.thought, calls: step.calls.map((c) => c.tool) });
      const timed = (c: AgentCall): boolean => tools.find((t) => t.name === c.tool)?.timed === true;
      if (left() < 100e6 && step.calls.length > 0 && step.calls.every(timed)) return await forced("time");
      const secs = Math.max(1, ...step.calls.map((c) => Number(c.args.duration_secs ?? 0) || 0));
      await act(step.calls, round >= 2 ? leftOut(step.calls, secs) : []);
    }
  })();

  if (!signal.aborted) {
    const lasting = left() >= 900e6;
    const isTimed = (name: string): boolean => tools.find((t) => t.name === name)?.timed === true;
    const rest = leftOut([], Math.max(1, Math.min(3, Math.floor(left() / 1e9))))
      // Those that only look cost no measuring time.
      .filter((c) => lasting || !isTimed(c.tool));
    if (rest.length > 0) await act([], rest);
  }
  emit({ kind: "end", why: outcome.endedBy });
  const { draft } = outcome;
  const stopped = outcome.endedBy === "user"
    ? `Stopped after ${(measured / 1e9).toFixed(1)} of ${(measureNs / 1e9).toFixed(1)} s: what came later is not known.`
    : null;
  const notes = [stopped, outcome.note, recordError].filter((n) => n !== null && n !== undefined);
  const qualities = observations.flatMap((o) => distinctQualities(o.results ?? {}));
  const diagnosis: Diagnosis = {
    ...draft,
    // What a part of the planned time shows is not worth more than that part, however clear it looks.
    confidence: stopped && measured < measureNs / 2 ? Math.min(draft.confidence, 0.5) : draft.confidence,
    quality: qualities.length > 0 ? mergeQuality(qualities) : quality(),
    rounds: round,
    tool_calls: runner.made.map((m) => m.record),
    elapsed_s: (clock.now() - startNs) / 1e9,
    ended_by: outcome.endedBy,
    not_known: [...notes, ...draft.not_known],
    question: options.question ?? "",
    driver: driver.name,
  };
  return { diagnosis, calls: runner.made };
}

/** The qualities of a call's results: several results of one measurement carry the same, which counts once. */
function distinctQualities(results: Results): Quality[] {
  return [...new Map(Object.values(results).map((r) => [JSON.stringify(r.quality), r.quality])).values()];
}

/** The tool that ends an investigation. */
export const REPORT_TOOL = "generate_diagnosis_report";

/** @throws {DOMException} TimeoutError when `promise` takes longer than `ms` */
async function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then((): never => {
    throw new DOMException("no answer in time", "TimeoutError");
  });
  late.catch(() => {}); // the loser of the race may reject after it was decided
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
