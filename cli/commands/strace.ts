import { type Results, resultsToJson, UsageError } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import {
  type CallTrace,
  type CallTraceRequest,
  type CallTraceSummary,
  parseCallFilter,
  traceCalls,
} from "../../core/ptrace/mod.ts";
import { ERRNO, errnoName, errnoText, ignoredSignals, O, open, ownCpuNs, write } from "../../core/sys/mod.ts";
import { sortedCounts, type SummaryOrder, summaryTable, summaryText } from "../call_summary.ts";
import { commandPath } from "../command_path.ts";
import { EXIT } from "../exit_code.ts";
import { instructionTables } from "../instruction_tables.ts";
import { warn } from "../output.ts";
import { renderOptions } from "../render_options.ts";
import { checkFolder, renderAll } from "../show_results.ts";

/** Options of `sonde strace`, by the names that strace has for them. */
export interface StraceOptions {
  readonly json?: boolean;
  readonly pid?: readonly number[];
  readonly follow?: boolean;
  readonly expression?: readonly string[];
  /** Only the summary. */
  readonly count?: boolean;
  /** The summary behind the lines. */
  readonly summary?: boolean;
  readonly wall?: boolean;
  readonly sort: SummaryOrder;
  readonly durations?: boolean;
  /** How often -t stands there. */
  readonly time?: number;
  readonly relative?: boolean;
  readonly paths?: boolean;
  readonly stringSize: number;
  readonly output?: string;
  /** How often -q stands there. */
  readonly quiet?: number;
  /** Counts by programs in the kernel. */
  readonly bpf?: boolean;
  readonly seccomp: boolean;
  readonly for?: number;
  readonly countInstructions?: boolean;
}

/** Traces the system calls of a command that it starts, or of processes. */
export async function strace(words: readonly string[], options: StraceOptions): Promise<number> {
  const pids = options.pid ?? [];
  if (words.length === 0 && pids.length === 0) {
    throw new UsageError("What is to be traced?", "Write sonde strace -- command, or sonde strace -p PID");
  }
  if (options.count && options.summary) throw new UsageError("-c and -C exclude each other");
  const ofLines = [["-T", options.durations], ["-t", options.time], ["-r", options.relative], [
    "-y",
    options.paths,
  ]] as const;
  const idle = options.count ? ofLines.filter(([, given]) => given).map(([name]) => name) : [];
  if (idle.length > 0) {
    throw new UsageError(
      `${idle.join(", ")}: -c shows no lines`,
      "Use -C for lines and the summary; -w for times by the clock",
    );
  }
  if (options.summary && options.json) throw new UsageError("-C and --json exclude each other", "Use -c --json");
  if (pids.includes(Deno.pid)) throw new UsageError("sonde cannot trace itself");
  if (options.bpf && options.countInstructions) {
    throw new UsageError("--bpf and --count-instructions exclude each other");
  }
  if (options.countInstructions) {
    if (pids.length > 0 || words.length === 0) {
      // If we were killed, the next step would kill a process that is not ours.
      throw new UsageError("--count-instructions is for a command that it starts, not for -p");
    }
    if (options.count || options.summary || options.expression) {
      throw new UsageError("--count-instructions tells nothing else: leave -e, -c and -C out");
    }
  }
  if (options.output !== undefined) checkFolder(options.output);
  if (options.bpf) return await (await import("../strace_by_bpf.ts")).straceByBpf(words, options);
  const host = openHost();
  // Asked for at once: our runtime changes them as it goes.
  const ignored = ignoredSignals();
  const request = requestOf(words, options, ignored);
  using file = options.output === undefined ? null : open(options.output, O.WRONLY | O.CREAT | O.TRUNC);
  const fd = file?.fd ?? STDERR;
  const startNs = performance.now() * 1e6;
  const trace = await traceCalls(host, {
    ...request,
    output: options.count || options.countInstructions ? null : fd,
    instructions: options.countInstructions,
  });
  const silent = options.quiet || options.json;
  // Lines are not told, or not here.
  const apart = options.count || options.output !== undefined;
  if (!silent && apart) {
    for (const pid of pids) warn(`sonde: Process ${pid} attached`);
  }
  const summary = await endingOf(trace, words.length > 0, ignored, options.for);
  const counts = sortedCounts(summary.counts, options.sort);
  const notes = summary.foreign.length === 0
    ? []
    : [`System calls of another architecture (i386 or x32) are left out: of process ${summary.foreign.join(", ")}`];
  let failed = summary.outputError;
  if (request.counts !== "none") {
    const time = request.counts === "wall" ? "wall" : "system";
    const durationNs = Math.round(performance.now() * 1e6 - startNs);
    const calls = summaryTable(counts, time, durationNs, ownCpuNs(), notes);
    failed ||= writeAll(fd, options.json ? json(words, { calls }) : summaryText(counts));
  }
  if (options.countInstructions) {
    const results = instructionTables(summary, Math.round(performance.now() * 1e6 - startNs), ownCpuNs());
    failed ||= writeAll(
      fd,
      options.json ? json(words, results) : await renderAll(results, undefined, renderOptions()) + "\n",
    );
  }
  if (!silent) {
    for (const pid of pids) if (summary.detached.includes(pid)) warn(`sonde: Process ${pid} detached`);
  }
  if (apart) notes.forEach((note) => warn(`sonde: ${note}`));
  if (failed !== 0) {
    const where = options.output === undefined ? "standard error" : `"${options.output}"`;
    warn(`sonde: What is in ${where} is not all: writing failed (${errnoName(failed)}, ${errnoText(failed)})`);
  }
  if (words.length > 0) return summary.code;
  return failed === 0 ? EXIT.ok : EXIT.unsupported;
}

function requestOf(
  words: readonly string[],
  options: StraceOptions,
  ignored: readonly number[],
): Omit<CallTraceRequest, "output"> {
  const { calls, signals } = parseCallFilter(options.expression ?? []);
  const follow = options.follow ?? false;
  const several = follow || (options.pid?.length ?? 0) > 1;
  const quiet = options.quiet ?? 0;
  return {
    command: words.length === 0 ? null : {
      path: commandPath(words[0]),
      args: words,
      env: inheritedEnv(),
      // This one our runtime ignores for itself.
      ignoredSignals: ignored.filter((signal) => signal !== SIGPIPE),
    },
    pids: options.pid ?? [],
    follow,
    calls,
    signals,
    format: options.json ? "json" : "text",
    counts: options.count || options.summary ? options.wall ? "wall" : "system" : "none",
    times: { clock: CLOCKS[Math.min(options.time ?? 0, 3)], relative: options.relative ?? false },
    durations: options.durations ?? false,
    stringLimit: options.stringSize,
    paths: options.paths ?? false,
    who: !several ? "never" : options.output === undefined ? "several" : "always",
    quietExit: quiet > 1,
    quietNotes: quiet > 0 || options.output !== undefined,
    interleaved: options.output === undefined,
    seccomp: words.length > 0 && follow && calls !== null && options.seccomp,
  };
}

/** What a command gets from whoever started us: without what ./sonde sets for itself. */
function inheritedEnv(): Record<string, string> {
  const { DENO_NO_UPDATE_CHECK: _, ...env } = Deno.env.toObject();
  return env;
}

/**
 * Waits for the end of a trace. What was attached to is let go at the first signal; a command gets the signals that we get
 * and ends as it likes, and with it the trace; those that come later go to what it left behind.
 */
async function endingOf(
  trace: CallTrace,
  command: boolean,
  ignored: readonly number[],
  forNs: number | undefined,
): Promise<CallTraceSummary> {
  // A terminal tells both of Ctrl-C itself.
  const terminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
  // A shell starts what runs in the background with SIGINT ignored; what is attached to is let go at it all the same.
  const heard = SIGNALS.filter(([, number]) => !command || !ignored.includes(number));
  const remove = heard.map(([signal, number]) => {
    let again = false;
    const listener = (): void => {
      if (!command) {
        if (again) Deno.exit(128 + number);
        again = true;
        trace.stop();
      } else trace.signal(number, signal === "SIGINT" && terminal);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  const timer = forNs === undefined ? undefined : setTimeout(() => {
    if (command) trace.signal(SIGTERM);
    else trace.stop();
  }, forNs / 1e6);
  try {
    return await trace.done;
  } finally {
    clearTimeout(timer);
    remove.forEach((stop) => stop());
  }
}

function json(command: readonly string[], results: Results): string {
  return `${JSON.stringify({ schema: 1, command, results: resultsToJson(results) })}\n`;
}

/** @returns the errno of what failed; 0 when it is written, or its reader has gone away */
function writeAll(fd: number, text: string): number {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    const n = write(fd, bytes.subarray(at));
    if (n <= 0) return n === -ERRNO.EPIPE ? 0 : -n;
    at += n;
  }
  return 0;
}

const STDERR = 2;
const SIGPIPE = 13;
const SIGTERM = 15;
const SIGNALS = [["SIGINT", 2], ["SIGTERM", SIGTERM], ["SIGHUP", 1]] as const;
/** By how many -t there are. */
const CLOCKS = ["none", "seconds", "micros", "epoch"] as const;
