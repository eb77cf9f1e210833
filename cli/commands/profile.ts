import { GoneError, type Profile, UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { openSession, type Session } from "../session.ts";
import { terminalProgress } from "../progress.ts";
import { checkOutput, showResults } from "../show_results.ts";
import { print, warn } from "../output.ts";
import { renderOptions } from "../render_options.ts";

/** Options of `sonde profile`. */
export interface ProfileCommandOptions {
  readonly json?: boolean;
  readonly pid?: number;
  readonly all?: boolean;
  readonly for?: number;
  readonly frequency: number;
  readonly kernel: boolean;
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 10e9;
/** Longest a command is followed, ns: a day. */
const MAX_WINDOW_NS = 86400e9;

/** Samples CPUs: the machine, a process, or a command that it starts. */
export async function profileCommand(words: readonly string[], options: ProfileCommandOptions): Promise<number> {
  checkOutput(options.output);
  if (options.pid !== undefined && (options.all || words.length > 0)) {
    throw new UsageError("--pid, --all and a command exclude each other");
  }
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  const { signal } = session.context;
  if (options.pid !== undefined && session.host.processStat(options.pid) === null) {
    throw new GoneError(`There is no process ${options.pid}`);
  }
  if (words.length > 0) return await profileChild(words, options, session);
  progress.show(`sampling at ${options.frequency} Hz … (Ctrl-C ends)`);
  const profile = await session.api.samplers.cpu({
    pid: options.pid ?? 0,
    frequencyHz: options.frequency,
    durationNs: options.for ?? DEFAULT_WINDOW_NS,
    kernel: options.kernel,
    user: true,
    signal,
  });
  progress.clear();
  const comm = options.pid === undefined ? undefined : session.host.processStat(options.pid)?.comm;
  const title = options.pid === undefined
    ? `CPU time of ${Deno.hostname()}`
    : `CPU time of ${comm ? `${comm}, ` : ""}pid ${options.pid}`;
  await show(profile, options, title);
  return EXIT.ok;
}

/** Profiles a command from its start to its end. Standard input and output are its own; ours goes to standard error. */
async function profileChild(
  words: readonly string[],
  options: ProfileCommandOptions,
  session: Session,
): Promise<number> {
  const { startStopped } = await import("../child.ts");
  const child = await startStopped(words, session.host);
  const ended = new AbortController();
  const stop = AbortSignal.any([session.context.signal, ended.signal]);
  const sampling = session.api.samplers.cpu({
    pid: child.pid,
    frequencyHz: options.frequency,
    durationNs: options.for ?? MAX_WINDOW_NS,
    kernel: options.kernel,
    user: true,
    signal: stop,
    onReady: () => child.go(),
  });
  const status = child.status.then((s) => {
    ended.abort(new DOMException("The command has ended", "OperationError"));
    return s;
  });
  let profile: Profile;
  try {
    profile = await sampling;
  } catch (error) {
    child.go();
    await status;
    throw error;
  }
  const { code } = await status;
  if (options.output !== undefined) await show(profile, options, `CPU time of ${baseName(words[0])}`);
  else if (options.json) {
    const { resultsToJson } = await import("../../core/data/mod.ts");
    warn(JSON.stringify({ schema: 1, command: words, results: resultsToJson({ profile }) }));
  } else {
    const { renderResult } = await import("../../core/render/terminal/result.ts");
    warn(renderResult("profile", profile, renderOptions()));
  }
  return code;
}

/** The last part of a path. */
function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function show(profile: Profile, options: ProfileCommandOptions, title: string): Promise<void> {
  if (options.output !== undefined || options.json) return await showResults({ profile }, {}, { ...options, title });
  const { renderResult } = await import("../../core/render/terminal/result.ts");
  print(renderResult("profile", profile, renderOptions()));
}
