import type { Frame } from "../../data/mod.ts";
import type { WaitReason } from "./classify_wait.ts";
import type { WakerKind } from "./classify_waker.ts";

/** Who ended a wait. */
export interface Waker {
  readonly kind: WakerKind;
  /** Name of the thread, or of what the machine did: `[timer]`, `[disk]`. */
  readonly name: string;
  /** Its thread and process; 0 for the machine itself. */
  readonly tid: number;
  readonly pid: number;
  /** Root first. Of an interrupt: from where it began. */
  readonly frames: readonly Frame[];
}

/** Times that a thread was off the CPU: of one thread, stack, reason and waker. */
export interface Wait {
  readonly pid: number;
  readonly tid: number;
  /** Name of the process, of the thread. */
  readonly comm: string;
  readonly thread: string;
  readonly reason: WaitReason;
  /** Name of the system call; empty for none. */
  readonly syscall: string;
  /** The kernel's function that it waits in; empty when not known. */
  readonly channel: string;
  /** Root first: user frames, then kernel frames. */
  readonly frames: readonly Frame[];
  /** Null when it was not woken up, or nobody knows by whom. */
  readonly waker: Waker | null;
  readonly count: number;
  /** Nanoseconds. */
  readonly totalNs: number;
  /** Part of it in which it could have run and waited for a CPU. */
  readonly queuedNs: number;
  readonly maxNs: number;
  /** At index i the waits of 2^i to 2^(i+1) ns. */
  readonly buckets: readonly number[];
  /** It was off the CPU already when the window began, and when it ended: these times are parts of longer ones. */
  readonly sinceStart: boolean;
  readonly open: boolean;
}

/** What a thread did in the window. */
export interface ThreadTime {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  /** Nanoseconds on a CPU; NaN when not known. */
  readonly onNs: number;
  readonly offNs: number;
  /** Part of offNs in which it waited for a CPU. */
  readonly queuedNs: number;
  /** Part of offNs in times shorter than the minimum, which are in no `Wait`. */
  readonly shortNs: number;
  readonly shorts: number;
}
