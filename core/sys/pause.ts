/** Waits; ends early, without an error, when the signal is aborted. What is over already takes no time. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    // Out of these bounds Node complains on standard error, and waits 1 ms.
    const timer = setTimeout(done, Math.max(0, Math.min(ms, MAX_TIMER_MS)));
    signal.addEventListener("abort", done, { once: true });
  });
}

const MAX_TIMER_MS = 2 ** 31 - 1;
