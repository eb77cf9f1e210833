import { GoneError, type Results, UsageError } from "../../core/data/mod.ts";
import type { OffCpuEngine, OffCpuMeasurement, OffCpuRequest } from "../../core/profile/off_cpu/mod.ts";
import type { UnwindMethod } from "../../core/profile/mod.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn } from "../output.ts";
import { untilProcessEnds } from "../process_end.ts";
import { terminalProgress } from "../progress.ts";
import { renderOptions } from "../render_options.ts";
import { openSession, type Session } from "../session.ts";
import { checkProfileOutput } from "../show_profile.ts";
import { showResults } from "../show_results.ts";

/** Options of `sonde offcpu`. */
export interface OffCpuCommandOptions {
  readonly json?: boolean;
  readonly pid?: number;
  readonly all?: boolean;
  readonly cgroup?: string;
  readonly for?: number;
  /** Nanoseconds. */
  readonly minBlock: number;
  readonly wall?: boolean;
  readonly wakers?: boolean;
  readonly unwind: UnwindMethod;
  readonly engine?: OffCpuEngine;
  readonly top: number;
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 10e9;
/** CPU samples a second with `--wall`. */
const WALL_HZ = 99;

/** Tells when threads were off the CPU, why and where: of the machine, a process, a cgroup, or a command that it starts. */
export async function offCpuCommand(words: readonly string[], options: OffCpuCommandOptions): Promise<number> {
  await checkProfileOutput(options.output);
  const { pid, all, cgroup } = options;
  if ([pid !== undefined, all, cgroup !== undefined, words.length > 0].filter(Boolean).length > 1) {
    throw new UsageError("--pid, --all, --cgroup and a command exclude each other");
  }
  if (options.wall && options.wakers) throw new UsageError("--wall and --wakers exclude each other");
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  const comm = pid === undefined ? undefined : session.host.processStat(pid)?.comm;
  if (pid !== undefined && comm === undefined) throw new GoneError(`There is no process ${pid}`);
  if (words.length > 0) {
    const { measureChild } = await import("../measure_child.ts");
    const title = titleOf(options, words[0].slice(words[0].lastIndexOf("/") + 1));
    return await measureChild(
      words,
      session,
      (window) => measure(session, options, window),
      (results) => show(results, options, title, words),
      { durationNs: options.for },
    );
  }
  progress.show("watching what waits … (Ctrl-C ends)");
  using end = untilProcessEnds(session.host, pid, session.context.signal);
  const results = await measure(session, options, {
    pid: pid ?? 0,
    durationNs: options.for ?? DEFAULT_WINDOW_NS,
    signal: end.signal,
  });
  progress.clear();
  await show(results, options, titleOf(options, comm ?? cgroup ?? Deno.hostname()));
  return EXIT.ok;
}

function titleOf({ wall }: OffCpuCommandOptions, whom: string): string {
  return `${wall ? "Wall-clock" : "Off-CPU"} time of ${whom}`;
}

/** Measures, with `--wall` also what is on the CPU. */
async function measure(
  { api }: Session,
  options: OffCpuCommandOptions,
  whom: Pick<OffCpuRequest, "pid" | "durationNs" | "signal" | "onReady">,
): Promise<Results> {
  const { minBlock, cgroup, unwind, engine, top, wakers } = options;
  // Whoever fails ends the other, too.
  const failed = new AbortController();
  const signal = AbortSignal.any([whom.signal, failed.signal]);
  let waiting = options.wall ? 2 : 1;
  const onReady = (): void => {
    if (--waiting === 0) whom.onReady?.();
  };
  // Both windows end before either reads names: reading blocks, and the other's would go on.
  const collected = Promise.withResolvers<void>();
  let collecting = options.wall ? 2 : 1;
  const onCollected = (): Promise<void> => {
    if (--collecting <= 0) collected.resolve();
    return collected.promise;
  };
  // Engines that tell no such moment, and those that fail, have ended.
  const ended = <T>(measuring: Promise<T>): Promise<T> => measuring.finally(() => collected.resolve());
  const common = { pid: whom.pid, signal, onReady, onCollected, unwind, ...(cgroup === undefined ? {} : { cgroup }) };
  const off: Promise<OffCpuMeasurement> = ended(api.samplers.offCpu({
    ...common,
    durationNs: whom.durationNs,
    minBlockNs: minBlock,
    ...(engine === undefined ? {} : { engine }),
  }));
  const on = options.wall
    ? ended(
      api.samplers.cpu({ ...common, durationNs: whom.durationNs, frequencyHz: WALL_HZ, kernel: true, user: true }),
    )
    : null;
  const [offCpu, onCpu] = await Promise.all([off, on]).catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  const results = await api.profiles.offCpu(offCpu, { limit: top, wakers });
  if (onCpu === null || results.profile.kind !== "profile") return results;
  const { wallProfile } = await import("../../core/profile/off_cpu/mod.ts");
  return { ...results, profile: wallProfile(onCpu, results.profile) };
}

/** @param command that was measured: standard output is its own */
async function show(
  results: Results,
  options: OffCpuCommandOptions,
  title: string,
  command?: readonly string[],
): Promise<void> {
  if (options.output !== undefined) {
    // A picture, or another form of the profile; tables where the ending is one of theirs.
    const whole = /\.(json|csv|txt)$/.test(options.output);
    return await showResults(whole ? results : { profile: results.profile }, {}, { ...options, title });
  }
  if (options.json) {
    if (!command) return await showResults(results, {}, options);
    const { resultsToJson } = await import("../../core/data/mod.ts");
    return warn(JSON.stringify({ schema: 1, command, results: resultsToJson(results) }));
  }
  const { renderOffCpu } = await import("../../core/render/terminal/off_cpu.ts");
  (command ? warn : print)(renderOffCpu(results, renderOptions()));
}
