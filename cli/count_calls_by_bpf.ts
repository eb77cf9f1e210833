import type { Quality } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import { pause } from "../core/sys/mod.ts";
import { startSyscallCount } from "../bpf/programs/syscall_count.ts";
import { startStopped, type StoppedChild } from "./child.ts";

/** Whose calls are counted. */
export interface CountedCallsRequest {
  /** A command that is started, or nothing. */
  readonly words: readonly string[];
  /** Processes that are there, in our pid namespace, where no command is started. */
  readonly pids: readonly number[];
  /** The longest that is waited, ns. Default: until the command ends, or the signal. */
  readonly durationNs?: number;
  /** Ends the window early. */
  readonly signal: AbortSignal;
}

/** What was counted. */
export interface CountedCalls {
  readonly counts: readonly {
    readonly name: string;
    readonly calls: number;
    readonly errors: number;
    /** Time from entry to return, waiting included: ns. */
    readonly ns: number;
  }[];
  readonly quality: Quality;
  /** Exit code of the command: 128 + the signal that killed it; 0 without one. */
  readonly code: number;
}

/** A command may run for so long, ns: a day. */
const MAX_WINDOW_NS = 86_400e9;

/**
 * Counts and times the system calls of a command from its exec on, or of processes from now on, and of all that they
 * start, by programs in the kernel: nothing is stopped.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 */
export async function countCallsByBpf(host: Host, request: CountedCallsRequest): Promise<CountedCalls> {
  const { words, pids, durationNs = MAX_WINDOW_NS, signal } = request;
  const child = words.length > 0 ? await startStopped(words, host) : null;
  try {
    const common = { host, pid: 0, distributions: false, measureCost: false };
    using counting = startSyscallCount({
      ...common,
      follow: { pids: child ? [child.pid] : pids, fromExec: child !== null },
    });
    const code = await endOf(child, durationNs, signal);
    counting.stop();
    const { tables, quality } = await counting.read();
    const counts = tables.syscalls.map(({ call, calls, errors, total }) => ({
      ...{ name: String(call), calls: Number(calls), errors: Number(errors), ns: Number(total) },
    }));
    return { counts, quality, code };
  } catch (error) {
    // It was asked for, and runs without being counted.
    child?.go();
    await child?.status;
    throw error;
  }
}

/** Lets the command go, and waits until it or the window ends. Answers its exit code. */
async function endOf(child: StoppedChild | null, durationNs: number, signal: AbortSignal): Promise<number> {
  const ended = new AbortController();
  const status = child?.status.then((s) => {
    ended.abort(new DOMException("The command has ended", "OperationError"));
    return s;
  });
  child?.go();
  await pause(durationNs / 1e6, AbortSignal.any([signal, ended.signal]));
  return (await status)?.code ?? 0;
}
