import { workerUrl } from "../assets/mod.ts";
import { GoneError, UnsupportedError, UsageError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { installBell, ringBell } from "../sys/mod.ts";
import { CONTROL } from "./_control.ts";
import type { CallCount } from "./_count_sink.ts";
import type { ProcessInstructions, StretchInstructions } from "./_step_tracer.ts";
import type { LineTimes } from "./_line_prefix.ts";

/** What is to be traced, and how it is told. */
export interface CallTraceRequest {
  /** A program to be started; its path is not searched for. Else `pids`. */
  readonly command: {
    readonly path: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** Signals that it is to find ignored, by number. */
    readonly ignoredSignals: readonly number[];
  } | null;
  /** Processes to be attached to. */
  readonly pids: readonly number[];
  /** Children and threads as well. */
  readonly follow: boolean;
  /** Numbers of the system calls that are wanted; null: all. */
  readonly calls: ReadonlySet<number> | null;
  /** Numbers of the signals that are wanted; null: all. */
  readonly signals: ReadonlySet<number> | null;
  /** A descriptor for lines of text or JSON; null for none. */
  readonly output: number | null;
  readonly format: "text" | "json";
  /** Counts are wanted, and what their time is. */
  readonly counts: "none" | "system" | "wall";
  readonly times: LineTimes;
  /** The time that each call took, behind its line. */
  readonly durations: boolean;
  /** Longest string shown, bytes. */
  readonly stringLimit: number;
  /** Paths of descriptors. */
  readonly paths: boolean;
  readonly who: "never" | "several" | "always";
  readonly quietExit: boolean;
  readonly quietNotes: boolean;
  /** The lines go where the command's output goes. */
  readonly interleaved: boolean;
  /** Calls that are not wanted do not stop the command: a seccomp filter. Only with a command, `follow` and `calls`. */
  readonly seccomp: boolean;
  /** Instructions are counted, one by one, and nothing else is told. Only with a command. */
  readonly instructions?: boolean;
  /** Calls are read from registers, as on kernels before 5.3. */
  readonly useRegisters?: boolean;
}

/** How it went. */
export interface CallTraceSummary {
  /** Of a command: its exit code, 128 + the signal that killed it; 0 where there was none. */
  readonly code: number;
  readonly counts: readonly CallCount[];
  /** How often threads were stopped, by the reason. */
  readonly stops: {
    readonly calls: number;
    readonly seccomp: number;
    readonly signals: number;
    readonly events: number;
  };
  /** Threads that were let go while they ran. */
  readonly detached: readonly number[];
  /** Processes that made system calls of another architecture (i386, x32), which are left out. */
  readonly foreign: readonly number[];
  /** A filter was asked for and is in force. */
  readonly filtered: boolean;
  /** The errno of the write that failed, after which nothing more was written to `output`; 0: none did. */
  readonly outputError: number;
  /** Instructions, where they were to be counted. */
  readonly processes: readonly ProcessInstructions[];
  readonly stretches: readonly StretchInstructions[];
}

/** What a request is besides its command or processes where all calls are counted, and no lines are wanted. */
export const COUNTS_ONLY: Omit<CallTraceRequest, "command"> = {
  pids: [],
  follow: true,
  calls: null,
  signals: null,
  output: null,
  format: "text",
  counts: "system",
  times: { clock: "none", relative: false },
  durations: false,
  stringLimit: 32,
  paths: false,
  who: "never",
  quietExit: true,
  quietNotes: true,
  interleaved: false,
  seccomp: false,
};

/** The first message to the Worker. */
export interface CallTraceOrders extends CallTraceRequest {
  /**
   * Four words: bits of {@linkcode CONTROL} for the Worker; whether text waits to be written; signals to be passed on, a
   * bit for each number; those that are only once the command has ended.
   */
  readonly control: SharedArrayBuffer;
}

/** What the Worker tells. */
export type CallTraceAnswer =
  | { readonly kind: "ready"; readonly tid: number; readonly pid: number }
  | { readonly kind: "failed"; readonly name: string; readonly message: string; readonly remedy: string }
  | ({ readonly kind: "done" } & CallTraceSummary);

/** A trace that runs. */
export interface CallTrace {
  /** The command that was started; 0 where none was. */
  readonly pid: number;
  /** Lets go of what was attached to, which goes on as if nothing had been. A command that was started is not let go. */
  stop(): void;
  /**
   * Passes a signal on to the command, or, once it has ended, to the processes that it left behind; with none of them
   * there the trace stops.
   *
   * @param number 1 to 31
   * @param late the command itself is not meant, because it has been told already
   */
  signal(number: number, late?: boolean): void;
  readonly done: Promise<CallTraceSummary>;
}

/**
 * Traces system calls in a thread of its own.
 *
 * When this process is killed, the kernel lets what was attached to go on, and kills a command that we started.
 *
 * @throws {GoneError | UnsupportedError | UsageError} when it cannot begin
 */
export async function traceCalls(host: Host, request: CallTraceRequest): Promise<CallTrace> {
  installBell();
  const control = new SharedArrayBuffer(16);
  const words = new Int32Array(control);
  const worker = new Worker(workerUrl("core/ptrace/call_trace_worker.ts"), { type: "module" });
  let tid = 0;
  let onAnswer: (answer: CallTraceAnswer) => void = () => {};
  let onError: (error: Error) => void = () => {};
  worker.onmessage = ({ data }: MessageEvent<CallTraceAnswer>) => onAnswer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    onError(new Error(`The tracing thread failed: ${event.message}`));
  };
  const next = (): Promise<CallTraceAnswer> =>
    new Promise((resolve, reject) => {
      onAnswer = resolve;
      onError = reject;
    });
  /** Wakes the Worker, which may wait for its threads, when there is something to do for it. */
  const look = (): void => {
    if (Atomics.load(words, 1) !== 0) Atomics.or(words, 0, CONTROL.FLUSH);
    if (Atomics.load(words, 0) !== 0) ringBell(tid);
  };
  const end = async (): Promise<void> => {
    worker.terminate();
    // What it traced is free when the thread that traces is gone.
    while (tid > 0 && host.threads(Deno.pid).includes(tid)) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  const begun = next();
  worker.postMessage({ ...request, control } satisfies CallTraceOrders);
  let first: CallTraceAnswer;
  try {
    first = await begun;
    if (first.kind === "failed") throw errorOf(first);
  } catch (error) {
    await end();
    throw error;
  }
  if (first.kind !== "ready") throw new Error("The tracing thread ended before it began");
  tid = first.tid;
  const answer = next();
  const timer = setInterval(look, LOOK_MS);
  const finish = async (): Promise<CallTraceSummary> => {
    try {
      const last = await answer;
      if (last.kind === "failed") throw errorOf(last);
      if (last.kind !== "done") throw new Error("The tracing thread began twice");
      const { kind: _, ...summary } = last;
      return summary;
    } finally {
      clearInterval(timer);
      await end();
    }
  };
  return {
    pid: first.pid,
    stop: () => {
      Atomics.or(words, 0, CONTROL.STOP);
      look();
    },
    signal: (number, late = false) => {
      Atomics.or(words, late ? 3 : 2, 1 << number);
      Atomics.or(words, 0, CONTROL.SIGNAL);
      look();
    },
    done: finish(),
  };
}

function errorOf({ name, message, remedy }: Extract<CallTraceAnswer, { kind: "failed" }>): Error {
  if (name === "GoneError") return new GoneError(message);
  if (name === "UnsupportedError") return new UnsupportedError(message, remedy);
  if (name === "UsageError") return new UsageError(message, remedy);
  return new Error(message);
}

/** How long text may wait to be written when nothing more happens. */
const LOOK_MS = 20;
