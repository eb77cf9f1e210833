import { GoneError, type Results, UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { type ChildWindow, measureChild } from "../measure_child.ts";
import { print, warn } from "../output.ts";
import { untilProcessEnds } from "../process_end.ts";
import { terminalProgress } from "../progress.ts";
import { renderOptions } from "../render_options.ts";
import { openSession } from "../session.ts";
import { checkOutput, showResults } from "../show_results.ts";

/** Options of `sonde calls`. */
export interface CallsOptions {
  readonly json?: boolean;
  readonly pid?: number;
  /** Nanoseconds. */
  readonly for?: number;
  readonly top: number;
  readonly slowest: number;
  /** Nanoseconds. */
  readonly min: number;
  readonly errors?: boolean;
  readonly stacks?: boolean;
  readonly engine?: string;
  readonly attach?: "fentry" | "kprobe";
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 5e9;

/** Measures the calls of functions and system calls: of the machine, a process, or a command that it starts. */
export async function callsCommand(
  targets: readonly string[],
  words: readonly string[],
  options: CallsOptions,
): Promise<number> {
  if (targets.length === 0) {
    throw new UsageError(
      "calls of what?",
      "For example: sonde calls syscall:fsync, sonde calls 'kernel:vfs_*', sonde calls user:/usr/bin/bash:readline",
    );
  }
  await checkOutput(options.output);
  const { pid } = options;
  if (pid !== undefined && words.length > 0) throw new UsageError("--pid and a command exclude each other");
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  if (pid !== undefined && session.host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
  const request = {
    targets,
    pid: pid ?? 0,
    durationNs: options.for ?? DEFAULT_WINDOW_NS,
    slowest: options.slowest,
    minNs: options.min,
    errors: options.errors,
    // A picture needs them whether they are shown or not.
    stacks: options.stacks || /\.(svg|html|folded)/.test(options.output ?? ""),
    engine: options.engine,
    attachBy: options.attach,
    signal: session.context.signal,
  };
  if (words.length > 0) {
    const measure = (window: ChildWindow): Promise<Results> =>
      session.api.calls.measure({ ...request, ...window, follow: true });
    const shown = (results: Results): Promise<void> => show(results, options, words);
    return await measureChild(words, session, measure, shown, { durationNs: options.for });
  }
  progress.show("attaching …");
  let results: Results;
  try {
    using end = untilProcessEnds(session.host, pid, session.context.signal);
    results = await session.api.calls.measure({
      ...request,
      signal: end.signal,
      onReady: () => progress.show("watching calls … (Ctrl-C ends)"),
    });
  } finally {
    progress.clear();
  }
  await show(results, options);
  return EXIT.ok;
}

/** @param command that was measured: standard output is its own */
async function show(results: Results, options: CallsOptions, command?: readonly string[]): Promise<void> {
  if (options.output !== undefined) {
    const whole = /\.(json|csv|txt)$/.test(options.output);
    const shown = whole ? results : { profile: results.profile };
    return await showResults(shown, {}, { ...options, title: "Time in calls" });
  }
  if (options.json) {
    if (!command) return await showResults(results, {}, options);
    const { resultsToJson } = await import("../../core/data/mod.ts");
    return warn(JSON.stringify({ schema: 1, command, results: resultsToJson(results) }));
  }
  const { renderCalls } = await import("../../core/render/terminal/calls.ts");
  const view = { ...renderOptions(), top: options.top, wholeStacks: options.stacks === true };
  const text = renderCalls(results, view);
  if (command) warn(text);
  else print(text + "\n");
}
