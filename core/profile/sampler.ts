import type { Profile } from "../data/mod.ts";

/**
 * How samples are taken. `perf`: perf_event_open(2), with registers and a copy of the stack where it is unwound by us;
 * `bpf`: a BPF program on a perf event, chains counted in the kernel; `ptrace`: a timer stops the threads, so the clock
 * is the wall's; `signal`: SIGPROF in a command that we started, through a library that is loaded into it.
 */
export type SamplerName = "perf" | "bpf" | "ptrace" | "signal";

/**
 * How user stacks are unwound. `auto`: each module by its own tables where it has them, else by frame pointer. `fp`: what
 * the kernel finds by frame pointers. `dwarf`: by tables only. `lbr`: the processor's record of the last branches.
 */
export type UnwindMethod = "auto" | "fp" | "dwarf" | "lbr";

/** What to sample. */
export interface CpuSampleRequest {
  /** A process with all its threads and the children it makes while sampled; 0 for all CPUs. */
  readonly pid: number;
  /** Several processes at once, instead of `pid`. Not every sampler can. */
  readonly pids?: readonly number[];
  /** 1–10000. */
  readonly frequencyHz: number;
  /** Nanoseconds; the signal can end it early. */
  readonly durationNs: number;
  readonly kernel: boolean;
  readonly user: boolean;
  readonly signal: AbortSignal;
  /** Whether the process was started in order to be sampled: that it ends is no news then. */
  readonly ownCommand?: boolean;
  /** Called once, as soon as everything is attached and counting. */
  readonly onReady?: () => void;
  /** Awaited when the window is over, before names are read, which takes a while and lets nothing else run. */
  readonly onCollected?: () => Promise<void>;
  /** Default: what suits the machine best, `perf` before `bpf` before `ptrace`. */
  readonly sampler?: SamplerName;
  /** Default: `auto`. */
  readonly unwind?: UnwindMethod;
  /**
   * Bytes of user stack that a sample copies for unwinding, 512–65000. Default: what nearly all stacks fit into, less at high
   * frequencies.
   */
  readonly stackBytes?: number;
  /** Only tasks of this cgroup (its path below the cgroup file system, as in /proc/PID/cgroup) and of those below it. */
  readonly cgroup?: string;
  /** Keep when each sample was taken (`Profile.timeline`). */
  readonly timeline?: boolean;
  /**
   * Whether inlined functions are frames of their own, where debugging information tells: it takes a second of CPU time to
   * read that of large programs. Default: true.
   */
  readonly inlined?: boolean;
  /** Whether each line of a function is a frame of its own, with the line that ran as its `line`. Default: false. */
  readonly lines?: boolean;
  /** Most of one CPU that sampling may cost, 0–1: above it, fewer samples are taken. Default: no limit. */
  readonly budget?: number;
}

/**
 * Samples CPUs into a profile: sample types `samples` (count) and `cpu` (ns), labels `pid`, `comm`. Idle is left out.
 *
 * @throws {UnsupportedError} when the kernel or our privileges refuse, with the remedy
 * @throws {GoneError} when the process does not exist
 */
export type CpuSampler = (request: CpuSampleRequest) => Promise<Profile>;
