import type { Frame } from "../../core/data/mod.ts";

/** What libraries call the functions that wait, by the beginning of their names; the first that applies. */
const KINDS: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^_*pthread_mutex_|^_*lll_lock|^_*pthread_spin|parking_lot.*mutex|^std::sys::.*mutex|Mutex.*::lock/i, "mutex"],
  [/^_*pthread_cond_|^_*cnd_|condvar|condition_variable/i, "condition"],
  [/^_*(new_)?sem_(timed|clock)?wait|semaphore/i, "semaphore"],
  [/^_*pthread_rwlock_|rwlock|shared_mutex/i, "rwlock"],
  [/^_*pthread_barrier_|barrier/i, "barrier"],
  [/^_*pthread_(timed|clock)?join|^_*pthread_clockjoin|^thrd_join/i, "join"],
  [/^_*pthread_once|std::sync::once|^_*call_once/i, "once"],
  [/park(_timeout)?$|thread::park/i, "park"],
];

/**
 * What a thread waits for, as far as it can be told: by the names of the functions that it waits in, the innermost first,
 * or by the operation. The kernel only knows a word of memory.
 *
 * @param frames root first; null when there are none
 */
export function lockKind(op: number, frames: readonly Frame[] | null): string | null {
  if (op === 6 || op === 13) return "PI mutex";
  for (const { function: name } of (frames ?? []).slice(-NEAR).reverse()) {
    for (const [pattern, kind] of KINDS) if (pattern.test(name)) return kind;
  }
  return op === 11 ? "condition" : null;
}

/** Frames that may belong to the library: further out a name says nothing of this wait. */
const NEAR = 6;
