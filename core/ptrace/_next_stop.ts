import { WAIT, waitTracee } from "../sys/mod.ts";

/**
 * Waits for what happens next to the traced threads. A thread that makes one call after the other stops again within
 * microseconds, less than it takes the kernel to put this one to sleep and to wake it on an idle CPU: so it looks a few
 * times before it sleeps, as long as that finds something two times in three; else it tries that again now and then. So with
 * threads that compute or wait, and where both share one CPU, it mostly sleeps.
 *
 * A bell that rings while it looks is not heard: whoever rings rings again (trace_calls.ts).
 *
 * @param withUsage as {@linkcode waitTracee} has it
 * @returns as {@linkcode waitTracee} does, never 0
 */
export function stopWaiter(withUsage: boolean): () => number {
  let credit = MOST_CREDIT;
  let slept = 0;
  return () => {
    if (credit > 0) {
      for (let i = 0; i < LOOKS; i++) {
        const tid = waitTracee(WAIT.NOHANG, withUsage);
        if (tid === 0) continue;
        if (credit < MOST_CREDIT) credit++;
        return tid;
      }
      credit -= FAILURE;
    } else if (++slept % RETRY_AFTER === 0) credit = FAILURE;
    return waitTracee(0, withUsage);
  };
}

/** About 60 µs: a look with nothing to find takes 1.5. */
const LOOKS = 40;
const MOST_CREDIT = 16;
const FAILURE = 2;
/** Sleeps after which it looks again. */
const RETRY_AFTER = 64;
