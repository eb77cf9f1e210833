/** Time as the loop sees it. A replay has its own, so that nothing depends on how fast this machine is. */
export interface Clock {
  /** Nanoseconds since some fixed moment; never goes back. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal is aborted. Leaves no timer behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => Math.round(performance.now() * 1e6),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal.addEventListener("abort", done);
    }),
};

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves on by `ns` and wakes the sleepers whose time has come. */
  advance(ns: number): void;
  /** Moves to `ns` unless it is past that already. */
  advanceTo(ns: number): void;
}

/** A clock at 0 that stands still until it is advanced. */
export function manualClock(): ManualClock {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  const advanceTo = (ns: number): void => {
    now = Math.max(now, ns);
    const due = sleepers.filter((s) => s.at <= now);
    sleepers = sleepers.filter((s) => s.at > now);
    for (const s of due) s.wake();
  };
  return {
    now: () => now,
    advance: (ns) => advanceTo(now + ns),
    advanceTo,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const at = now + ms * 1e6;
        if (signal.aborted || at <= now) return resolve();
        const sleeper = { at, wake: resolve };
        sleepers.push(sleeper);
        signal.addEventListener("abort", () => {
          sleepers = sleepers.filter((s) => s !== sleeper);
          resolve();
        }, { once: true });
      }),
  };
}
