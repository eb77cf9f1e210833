/** A thread that is traced, and where it was last seen. */
export interface Thread {
  readonly tid: number;
  pid: number;
  /** Asked to stop, and not yet seen to have done so. */
  pending: boolean;
  /** The call that it waited in when it was asked, -1 when it ran. */
  waitsIn: number;
  /** Stopped by a signal such as SIGSTOP, with its whole process. */
  stopped: boolean;
  /** Up to when its time has been accounted for: ns of CLOCK_MONOTONIC. */
  accountedNs: number;
  /** Samples of it so far. */
  samples: number;
  /** Where its last sample found it waiting; null when it ran. */
  place: { readonly nr: number; readonly sp: bigint; readonly pc: bigint; readonly top: Uint8Array } | null;
  /** What it has spent there since, not yet written. */
  repeats: number;
  repeatedNs: number;
  /** Waits in a call of this number that the kernel has started again. */
  restarts: number;
}

/** @param nowNs CLOCK_MONOTONIC */
export function newThread(pid: number, tid: number, nowNs: number): Thread {
  return {
    tid,
    pid,
    pending: false,
    waitsIn: -1,
    stopped: false,
    accountedNs: nowNs,
    samples: 0,
    place: null,
    repeats: 0,
    repeatedNs: 0,
    restarts: -1,
  };
}
