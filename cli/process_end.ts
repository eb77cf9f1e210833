import type { Host } from "../core/host/mod.ts";
import { type Fd, pause, pidfdOpen, pollAsync, SysError } from "../core/sys/mod.ts";
import { warn } from "./output.ts";

/** How often it is looked whether the process is still there, where nothing wakes us, ms. */
const LOOK_MS = 200;

/** A watch over a process, to be disposed of with the window. */
export interface ProcessEnd extends Disposable {
  /** Aborted when the process has ended, or `by` is: there is nothing more to see. */
  readonly signal: AbortSignal;
}

/**
 * Ends the window of one process with the process, and says so.
 *
 * @param pid nothing is watched without it
 * @param by ends the window as well
 */
export function untilProcessEnds(host: Host, pid: number | undefined, by: AbortSignal): ProcessEnd {
  if (pid === undefined) return { signal: by, [Symbol.dispose]() {} };
  const ended = new AbortController();
  const over = new AbortController();
  void waitForEnd(host, pid, over.signal).then(() => {
    if (over.signal.aborted || by.aborted) return;
    warn(`sonde: Process ${pid} has ended`);
    ended.abort(new DOMException("The process has ended", "OperationError"));
  });
  return { signal: AbortSignal.any([by, ended.signal]), [Symbol.dispose]: () => over.abort() };
}

/** Returns when the process has ended, or `signal` is aborted. */
async function waitForEnd(host: Host, pid: number, signal: AbortSignal): Promise<void> {
  const started = host.processStat(pid)?.startTicks;
  using process = openProcess(pid);
  // Looking five times a second took a quarter of a percent of a CPU: as much as most analyzers that wait.
  if (process) {
    while (!signal.aborted) if ((await pollAsync([process], Infinity, signal))[0] !== 0) return;
    return;
  }
  while (!signal.aborted) {
    const stat = host.processStat(pid);
    if (!stat || stat.state === "Z" || stat.startTicks !== started) return;
    await pause(LOOK_MS, signal);
  }
}

/** @returns null where it has ended already, and before Linux 5.3 */
function openProcess(pid: number): Fd | null {
  try {
    return pidfdOpen(pid);
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}
