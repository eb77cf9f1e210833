import { startStopped } from "./child.ts";
import { commandPath } from "./command_path.ts";
import { warn } from "./output.ts";
import type { Session } from "./session.ts";

/** Longest a command is followed, ns: a day. */
const MAX_WINDOW_NS = 86400e9;

/** What a measurement of a command is given. */
export interface ChildWindow {
  readonly pid: number;
  readonly durationNs: number;
  /** Ends the window: the command has ended, or we were told to stop. */
  readonly signal: AbortSignal;
  /** To be called when everything is attached: the command begins. */
  onReady(): void;
}

/** How the command is started and followed. */
export interface ChildOptions {
  /** The longest window, ns; a command that runs on then goes on unmeasured. */
  readonly durationNs?: number;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Measures a command from its first instruction to its end. What cannot be measured is not run. Interrupted, it shows what
 * there is, and waits for the command, which a terminal has told as well.
 *
 * @param show shows what was measured, before the command's end is waited for
 * @returns the command's exit code
 * @throws {UsageError} when there is no such command; whatever the measurement throws
 */
export async function measureChild<T>(
  words: readonly string[],
  { host, context }: Session,
  measure: (window: ChildWindow) => Promise<T>,
  show: (measured: T) => Promise<void>,
  { durationNs = MAX_WINDOW_NS, env }: ChildOptions = {},
): Promise<number> {
  // What is not there is told before anything begins; the shell finds it again, so that the command sees its own name.
  commandPath(words[0]);
  const child = await startStopped(words, host, env);
  const ended = new AbortController();
  const status = child.status.then((s) => {
    ended.abort(new DOMException("The command has ended", "OperationError"));
    return s;
  });
  let begun = false;
  const onReady = (): void => {
    begun = true;
    child.go();
  };
  let measured: T;
  try {
    const signal = AbortSignal.any([context.signal, ended.signal]);
    measured = await measure({ pid: child.pid, durationNs, signal, onReady });
  } catch (error) {
    if (!begun) child.kill();
    await status;
    throw error;
  }
  child.go();
  await show(measured);
  if (context.signal.aborted && !ended.signal.aborted) {
    warn(`sonde: waiting for the command, process ${child.pid}; another Ctrl-C leaves it to itself`);
  }
  return (await status).code;
}
