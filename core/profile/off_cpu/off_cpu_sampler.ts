import type { Quality } from "../../data/mod.ts";
import type { UnwindMethod } from "../sampler.ts";
import type { ThreadTime, Wait } from "./wait.ts";

/**
 * How times off the CPU are measured. `bpf`: a program that adds up in the kernel; `probe`: switches by any engine that
 * takes probes, without wakers; `polling`: looking at /proc again and again, an estimate.
 */
export type OffCpuEngine = "bpf" | "probe" | "polling";

/** What to measure. */
export interface OffCpuRequest {
  /** A process with its threads and the children that it makes; 0 for all. */
  readonly pid: number;
  /** Nanoseconds; the signal can end it early. */
  readonly durationNs: number;
  /** Shorter times are added up by thread only. Nanoseconds. */
  readonly minBlockNs: number;
  /** Only processes of this cgroup (its path below the cgroup file system, as in /proc/PID/cgroup) and of those below it. */
  readonly cgroup?: string;
  readonly signal: AbortSignal;
  /** Called once, as soon as everything is attached and counting. */
  readonly onReady?: () => void;
  /** Awaited when the window is over, before names are read, which takes a while and lets nothing else run. */
  readonly onCollected?: () => Promise<void>;
  /** How user stacks are unwound. Default: `auto`; `fp` takes no copies of stacks. */
  readonly unwind?: UnwindMethod;
  /** Default: the best that works here. */
  readonly engine?: OffCpuEngine;
}

/** What was measured. */
export interface OffCpuMeasurement {
  readonly engine: OffCpuEngine;
  readonly waits: readonly Wait[];
  readonly threads: readonly ThreadTime[];
  readonly minBlockNs: number;
  readonly quality: Quality;
}

/**
 * Measures when threads are off the CPU.
 *
 * @throws {UnsupportedError} when the kernel or our privileges refuse, with the remedy
 * @throws {GoneError} when the process does not exist
 */
export type OffCpuSampler = (request: OffCpuRequest) => Promise<OffCpuMeasurement>;
