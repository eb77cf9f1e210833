import {
  errorText,
  GoneError,
  type Json,
  nearest,
  type Results,
  type ToolCallRecord,
  UnsupportedError,
} from "../data/mod.ts";
import type { Effect, Tool, ToolArgs } from "../plugin_api/mod.ts";
import type { Clock } from "./clock.ts";
import type { AgentCall, Observation } from "./driver.ts";
import { checkToolArgs } from "./tool_args.ts";

/** How long an identical call is answered from memory, in nanoseconds. */
export const CACHE_NS = 60e9;
/** What a call may take beyond its `duration_secs`, or in all when it has none, in milliseconds. */
const CALL_MARGIN_MS = 8000;
/** What a call that was told to stop may take to hand over what it has, in milliseconds. */
const STOP_GRACE_MS = 2000;

/** Where calls go with their results as they end: a RecordingWriter of core/store is one. */
export interface CallSink {
  appendCall(record: ToolCallRecord, results: Results | null): void;
}

/** One call that was made, with all it brought. */
export interface MadeCall {
  readonly record: ToolCallRecord;
  readonly results: Results | null;
}

/** What a runner needs. */
export interface RunnerOptions {
  readonly tools: readonly Tool[];
  readonly effects: readonly Effect[];
  readonly clock: Clock;
  /** The clock's time at which the investigation began. */
  readonly startNs: number;
  readonly progress: (text: string) => void;
  readonly sink?: CallSink;
}

/** How one batch is run. */
export interface BatchLimits {
  readonly round: number;
  /** Aborted: tools end their windows and report what they have. */
  readonly signal: AbortSignal;
  /** Measuring time left in nanoseconds; longer windows are cut to it, below 100 ms timed tools are refused. */
  readonly measureLeftNs: number;
}

/** Calls tools: checks arguments and effects, answers repeats from memory, turns failures into observations. */
export interface ToolRunner {
  /** Calls run at the same time; observations come in the order of the calls. */
  run(calls: readonly AgentCall[], limits: BatchLimits): Promise<Observation[]>;
  /** As `run`, for calls that the driver does not see; their ids begin with `x`. */
  runUnseen(calls: readonly AgentCall[], limits: BatchLimits): Promise<void>;
  /** Everything that was called, in order of call. */
  readonly made: readonly MadeCall[];
}

/** A runner over a set of tools. */
export function toolRunner(options: RunnerOptions): ToolRunner {
  const made: MadeCall[] = [];
  const cache = new Map<string, { observation: Observation; atNs: number }>();
  let seen = 0;
  let unseen = 0;

  const settle = (
    id: string,
    call: AgentCall,
    args: ToolArgs | null,
    startNs: number,
    outcome: { results: Results } | { error: string },
    round: number,
  ): Observation => {
    const results = "results" in outcome ? outcome.results : null;
    const shown = (args === null ? call.args : withoutUndefined(args)) as { readonly [key: string]: Json };
    const record: ToolCallRecord = {
      id,
      tool: call.tool.slice(0, 100),
      args: shown,
      start_ns: startNs - options.startNs,
      duration_ns: options.clock.now() - startNs,
      ok: results !== null,
      ...("error" in outcome ? { error: outcome.error } : {}),
      // A model chooses the name: one that is none is quoted, as people copy this into a shell.
      command: `sonde tool ${/^[a-z0-9_]{1,64}$/.test(call.tool) ? call.tool : shellQuote(call.tool.slice(0, 100))} ${
        shellQuote(JSON.stringify(shown))
      } --json`,
    };
    made.push({ record, results });
    options.sink?.appendCall(record, results);
    return {
      call: record,
      round,
      results,
      ...("error" in outcome ? { error: outcome.error } : {}),
      ...(call.ref === undefined ? {} : { ref: call.ref }),
    };
  };

  const one = (id: string, call: AgentCall, limits: BatchLimits): Promise<Observation> => {
    const startNs = options.clock.now();
    const refuse = (error: string): Promise<Observation> =>
      Promise.resolve(settle(id, call, null, startNs, { error }, limits.round));
    if (call.broken !== undefined) return refuse(call.broken);
    const tool = options.tools.find((t) => t.name === call.tool);
    if (!tool) {
      const [near] = nearest(call.tool, options.tools.map((t) => t.name));
      return refuse(
        `unknown tool "${call.tool.slice(0, 60)}"${near ? ` (did you mean "${near}"?)` : ""}. ` +
          `Tools: ${options.tools.map((t) => t.name).join(", ")}`,
      );
    }
    if (!options.effects.includes(tool.effect)) {
      return refuse(`${tool.name} is not permitted here: its effect is "${tool.effect}"`);
    }
    const checked = checkToolArgs(tool, call.args);
    if (!checked.ok) return refuse(`${tool.name}: ${checked.error}`);
    const key = `${tool.name} ${canonical(checked.args)}`;
    const hit = cache.get(key);
    if (hit && call.fresh !== true && startNs - hit.atNs < CACHE_NS) {
      const cachedSecs = Math.round((startNs - hit.atNs) / 1e9);
      return Promise.resolve({ ...hit.observation, round: limits.round, cachedSecs, ref: call.ref });
    }
    if (tool.timed && limits.measureLeftNs < 100e6) return refuse("the measuring time is spent");
    const args = fitWindow(tool, checked.args, limits.measureLeftNs);
    options.progress(progressText(tool, args));
    return runOne(tool, args, limits.signal, options).then((outcome) => {
      const observation = settle(id, call, args, startNs, outcome, limits.round);
      if (observation.results) cache.set(key, { observation, atNs: startNs });
      return observation;
    });
  };

  return {
    made,
    run: (calls, limits) => Promise.all(calls.map((call) => one(`c${++seen}`, call, limits))),
    runUnseen: async (calls, limits) => {
      await Promise.all(calls.map((call) => one(`x${++unseen}`, call, limits)));
    },
  };
}

/** Runs a tool under its own time limit. Never throws: a failure is an observation too. */
async function runOne(
  tool: Tool,
  args: ToolArgs,
  outer: AbortSignal,
  options: RunnerOptions,
): Promise<{ results: Results } | { error: string }> {
  const stop = new AbortController();
  const done = new AbortController();
  const secs = typeof args.duration_secs === "number" ? args.duration_secs : 0;
  const context = { signal: stop.signal, progress: options.progress };
  let running: Promise<Results>;
  try {
    running = tool.run(args, context);
  } catch (error) {
    running = Promise.reject(error);
  }
  const outcome = running.then((results) => ({ results }), (error) => ({ error: failureText(error) }));
  const late = Promise.race([
    options.clock.sleep(secs * 1000 + CALL_MARGIN_MS, done.signal),
    aborted(outer, done.signal),
  ])
    .then(async () => {
      if (done.signal.aborted) return { error: "" };
      stop.abort(outer.reason);
      await options.clock.sleep(STOP_GRACE_MS, done.signal);
      return { error: outer.aborted ? "stopped before it had an answer" : `no answer within ${secs + 10} s` };
    });
  const first = await Promise.race([outcome, late]);
  done.abort();
  return first;
}

function aborted(signal: AbortSignal, unless: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true, signal: unless });
  });
}

/** What a person or model reads when a tool failed. */
export function failureText(error: unknown): string {
  if (error instanceof UnsupportedError) return `not available: ${errorText(error)}`;
  if (error instanceof GoneError) return `gone: ${error.message}`;
  return errorText(error).slice(0, 2000);
}

/** Cuts the window of a timed tool to the measuring time left; whole seconds where the tool wants them. */
function fitWindow(tool: Tool, args: ToolArgs, leftNs: number): ToolArgs {
  const param = tool.params.duration_secs;
  if (!tool.timed || !param || typeof args.duration_secs !== "number") return args;
  const left = leftNs / 1e9;
  if (args.duration_secs <= left) return args;
  const least = param.minimum ?? (param.type === "integer" ? 1 : 0.1);
  // A quarter second of overshoot is better than losing a whole one to rounding.
  const fit = param.type === "integer" ? Math.floor(left + 0.25) : left;
  return { ...args, duration_secs: Math.max(least, fit) };
}

function progressText(tool: Tool, args: ToolArgs): string {
  const secs = tool.timed && typeof args.duration_secs === "number" ? ` (${args.duration_secs} s)` : "";
  return `${tool.name}${secs}`;
}

function withoutUndefined(args: ToolArgs): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, v]) => v !== undefined));
}

function canonical(args: ToolArgs): string {
  return JSON.stringify(Object.entries(args).filter(([, v]) => v !== undefined).sort(([a], [b]) => a < b ? -1 : 1));
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
