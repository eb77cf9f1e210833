import { GoneError, type Profile, UsageError } from "../../core/data/mod.ts";
import type { CpuSampleRequest, SamplerName, SignalSampling, UnwindMethod } from "../../core/profile/mod.ts";
import { EXIT } from "../exit_code.ts";
import { openSession, type Session } from "../session.ts";
import { type Progress, terminalProgress } from "../progress.ts";
import { checkProfileOutput, showProfile, showsTime } from "../show_profile.ts";

/** Options of `sonde profile`. */
export interface ProfileCommandOptions {
  readonly json?: boolean;
  readonly pid?: readonly number[];
  readonly all?: boolean;
  readonly cgroup?: string;
  readonly for?: number;
  readonly frequency: number;
  readonly unwind: UnwindMethod;
  readonly sampler?: SamplerName;
  readonly stackSize?: number;
  readonly kernel: boolean;
  readonly lines?: boolean;
  /** False leaves inlined functions out. */
  readonly inline: boolean;
  readonly budget?: number;
  readonly timeline?: boolean;
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 10e9;

/** Samples CPUs: the machine, processes, a cgroup, or a command that it starts. */
export async function profileCommand(words: readonly string[], options: ProfileCommandOptions): Promise<number> {
  await checkProfileOutput(options.output);
  const pids = options.pid ?? [];
  if ([pids.length > 0, options.all, options.cgroup !== undefined, words.length > 0].filter(Boolean).length > 1) {
    throw new UsageError("--pid, --all, --cgroup and a command exclude each other");
  }
  if (options.sampler === "signal" && words.length === 0) {
    throw new UsageError(
      "The signal sampler samples a command that it starts",
      "sonde profile --sampler signal -- COMMAND",
    );
  }
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  for (const pid of pids) {
    if (session.host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
  }
  if (words.length > 0) return await profileChild(words, options, session);
  const names = pids.map((pid) => `${session.host.processStat(pid)?.comm ?? "process"}, pid ${pid}`);
  const whom = options.cgroup ?? (names.length > 0 ? names.join("; ") : Deno.hostname());
  let profile: Profile;
  {
    using _ticking = tick(progress, options, whom);
    profile = await session.api.samplers.cpu({
      ...requestOf(options, session.context.signal),
      pid: pids[0] ?? 0,
      ...(pids.length > 1 ? { pids } : {}),
      durationNs: options.for ?? DEFAULT_WINDOW_NS,
    });
  }
  await showProfile(profile, { ...options, title: `CPU time of ${whom}` });
  return EXIT.ok;
}

/** What does not depend on whom is sampled, and for how long. */
function requestOf(
  options: ProfileCommandOptions,
  signal: AbortSignal,
): Omit<CpuSampleRequest, "pid" | "durationNs"> {
  const { frequency, unwind, sampler, stackSize, kernel, lines, inline, budget, cgroup } = options;
  return {
    frequencyHz: frequency,
    kernel,
    user: true,
    signal,
    unwind,
    inlined: inline,
    lines: lines === true,
    timeline: options.timeline === true || showsTime(options.output),
    ...(sampler === undefined ? {} : { sampler }),
    ...(stackSize === undefined ? {} : { stackBytes: stackSize & ~7 }),
    ...(budget === undefined ? {} : { budget }),
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/** Says each second how far it is; wiped at the end of the block. */
function tick(progress: Progress, options: ProfileCommandOptions, whom: string): Disposable {
  const start = performance.now();
  const all = (options.for ?? DEFAULT_WINDOW_NS) / 1e9;
  const show = (): void => {
    const now = Math.min(all, Math.round((performance.now() - start) / 1000));
    progress.show(
      `sampling ${whom} at ${options.frequency} Hz: ${now} s of ${Math.round(all * 10) / 10} s (Ctrl-C ends)`,
    );
  };
  show();
  const timer = setInterval(show, 1000);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      progress.clear();
    },
  };
}

/** The library and the memory that a command is sampled through by signals. */
async function prepareSignals(
  { frequency, stackSize }: ProfileCommandOptions,
  { host }: Session,
): Promise<SignalSampling> {
  const { prepareSignalSampling } = await import("../../core/profile/mod.ts");
  const stack = stackSize === undefined ? {} : { stackBytes: stackSize & ~7 };
  return prepareSignalSampling(host, { frequencyHz: frequency, ...stack });
}

/** Profiles a command from its start to its end. Standard input and output are its own; ours goes to standard error. */
async function profileChild(
  words: readonly string[],
  options: ProfileCommandOptions,
  session: Session,
): Promise<number> {
  const { measureChild } = await import("../measure_child.ts");
  using signals = options.sampler === "signal" ? await prepareSignals(options, session) : null;
  const sample = signals?.sample ?? session.api.samplers.cpu;
  const title = `CPU time of ${words[0].slice(words[0].lastIndexOf("/") + 1)}`;
  return await measureChild(
    words,
    session,
    (window) => sample({ ...requestOf(options, window.signal), ...window, ownCommand: true }),
    (profile) => showProfile(profile, { ...options, title, command: words }),
    { durationNs: options.for, env: signals?.env },
  );
}
