import type { Profile } from "../data/mod.ts";

/** What to sample. */
export interface CpuSampleRequest {
  /** A process with all its threads and the children it makes while sampled; 0 for all CPUs. */
  readonly pid: number;
  /** 1–10000. */
  readonly frequencyHz: number;
  /** Nanoseconds; the signal can end it early. */
  readonly durationNs: number;
  readonly kernel: boolean;
  readonly user: boolean;
  readonly signal: AbortSignal;
  /** Called once, as soon as everything is attached and counting. */
  readonly onReady?: () => void;
}

/**
 * Samples CPUs into a profile: sample types `samples` (count) and `cpu` (ns), labels `pid`, `comm`. Idle is left out.
 *
 * @throws {UnsupportedError} when the kernel or our privileges refuse, with the remedy
 * @throws {GoneError} when the process does not exist
 */
export type CpuSampler = (request: CpuSampleRequest) => Promise<Profile>;
