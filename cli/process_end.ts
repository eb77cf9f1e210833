import type { Host } from "../core/host/mod.ts";
import { warn } from "./output.ts";

/** How often it is looked whether the process is still there, ms. */
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
  const started = host.processStat(pid)?.startTicks;
  const timer = setInterval(() => {
    const stat = host.processStat(pid);
    if (stat && stat.state !== "Z" && stat.startTicks === started) return;
    clearInterval(timer);
    if (by.aborted) return;
    warn(`sonde: Process ${pid} has ended`);
    ended.abort(new DOMException("The process has ended", "OperationError"));
  }, LOOK_MS);
  return { signal: AbortSignal.any([by, ended.signal]), [Symbol.dispose]: () => clearInterval(timer) };
}
