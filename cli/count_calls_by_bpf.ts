import type { Quality } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { CallTraceSummary } from "../core/ptrace/mod.ts";
import { pause } from "../core/sys/mod.ts";
import { startSyscallCount } from "../bpf/programs/syscall_count.ts";
import { startStopped, type StoppedChild } from "./child.ts";

/** Whose calls are counted. */
export interface CountedCallsRequest {
  /** A command that is started, or nothing. */
  readonly words: readonly string[];
  /** Processes that are there, in our pid namespace, where no command is started. */
  readonly pids: readonly number[];
  /** The longest that is waited, ns; a command that runs on then is told to end. Default: until they end, or the signal. */
  readonly durationNs?: number;
  /** Ends the window early. */
  readonly signal: AbortSignal;
}

/** What was counted. */
export interface CountedCalls {
  /** By name; times are from entry to return, waiting included. */
  readonly counts: CallTraceSummary["counts"];
  readonly quality: Quality;
  /** Exit code of the command: 128 + the signal that killed it; 0 without one. */
  readonly code: number;
}

/** Longest window, ns: a day. */
const MAX_WINDOW_NS = 86_400e9;
/** How often it is looked whether the processes are still there, ms. */
const ROUND_MS = 100;

/**
 * Counts and times the system calls of a command from its exec on, or of processes from now on, and of all that they
 * start, by programs in the kernel: nothing is stopped.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 */
export async function countCallsByBpf(host: Host, request: CountedCallsRequest): Promise<CountedCalls> {
  const { words, pids, durationNs = MAX_WINDOW_NS, signal } = request;
  const child = words.length > 0 ? await startStopped(words, host) : null;
  let begun = false;
  try {
    using counting = startSyscallCount({
      host,
      pid: 0,
      follow: { pids: child ? [child.pid] : pids, fromExec: child !== null },
      distributions: false,
      measureCost: false,
    });
    begun = true;
    const code = child ? await endOfChild(child, durationNs, signal) : await endOfAll(host, pids, durationNs, signal);
    counting.stop();
    const { tables, quality } = await counting.read();
    const counts = tables.syscalls.map(({ call, calls, errors, total }) => ({
      name: String(call),
      calls: Number(calls),
      errors: Number(errors),
      ns: Number(total),
    }));
    return { counts, quality, code };
  } catch (error) {
    // What cannot be counted is not run.
    if (!begun) child?.kill();
    await child?.status;
    throw error;
  }
}

/** Lets the command go. Answers its exit code, or when the signal comes first, that too once it has ended. */
async function endOfChild(child: StoppedChild, durationNs: number, signal: AbortSignal): Promise<number> {
  const ended = new AbortController();
  const status = child.status.then((s) => {
    ended.abort(new DOMException("The command has ended", "OperationError"));
    return s;
  });
  child.go();
  await pause(durationNs / 1e6, AbortSignal.any([signal, ended.signal]));
  if (!ended.signal.aborted && !signal.aborted) Deno.kill(child.pid, "SIGTERM");
  return (await status).code;
}

/** Until none of the processes is there any more. */
async function endOfAll(host: Host, pids: readonly number[], durationNs: number, signal: AbortSignal): Promise<number> {
  const end = performance.now() + durationNs / 1e6;
  for (let left = durationNs / 1e6; left > 0 && !signal.aborted; left = end - performance.now()) {
    if (pids.every((pid) => ["Z", undefined].includes(host.processStat(pid)?.state))) break;
    await pause(Math.min(left, ROUND_MS), signal);
  }
  return 0;
}
