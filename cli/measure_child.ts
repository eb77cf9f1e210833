import { startStopped } from "./child.ts";
import { commandPath } from "./command_path.ts";
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
 * Measures a command from its first instruction to its end. Where the measurement fails it runs all the same, for it was
 * asked for.
 *
 * @returns what was measured, and the command's exit code
 * @throws {UsageError} when there is no such command; whatever the measurement throws, once the command has ended
 */
export async function measureChild<T>(
  words: readonly string[],
  { host, context }: Session,
  measure: (window: ChildWindow) => Promise<T>,
  { durationNs = MAX_WINDOW_NS, env }: ChildOptions = {},
): Promise<{ readonly measured: T; readonly code: number }> {
  // What is not there is told before anything begins; the shell finds it again, so that the command sees its own name.
  commandPath(words[0]);
  const child = await startStopped(words, host, env);
  const ended = new AbortController();
  const status = child.status.then((s) => {
    ended.abort(new DOMException("The command has ended", "OperationError"));
    return s;
  });
  try {
    const signal = AbortSignal.any([context.signal, ended.signal]);
    const measured = await measure({ pid: child.pid, durationNs, signal, onReady: () => child.go() });
    return { measured, code: (await status).code };
  } catch (error) {
    child.go();
    await status;
    throw error;
  }
}
