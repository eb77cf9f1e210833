/** Which calls are to be measured. */
export interface CallsRequest {
  /**
   * Functions and system calls: `kernel:vfs_*`, `user:/usr/bin/bash:readline`, `syscall:fsync`; also `PATH:FUNCTION`,
   * `libc:malloc`, and bare names, which are system calls or functions of the kernel.
   */
  readonly targets: readonly string[];
  /** Only this process, in sonde's own pid namespace; 0: all but sonde's own. */
  readonly pid: number;
  /** With `pid`: also the processes that it makes from now on. */
  readonly follow?: boolean;
  /** The window, ns. */
  readonly durationNs: number;
  /** How many of the slowest calls are listed whole. Default 10. */
  readonly slowest?: number;
  /** Shorter calls are not listed among the slowest, ns. They count all the same. */
  readonly minNs?: number;
  /** Only calls that fail. */
  readonly errors?: boolean;
  /** Sums by stack as well: a profile. */
  readonly stacks?: boolean;
  /** How kernel functions are attached to: trampolines, or breakpoints (many at once where there is `kprobe_multi`). */
  readonly attachBy?: "fentry" | "kprobe";
  /** The one engine to use. */
  readonly engine?: string;
  /** Ends the window early; what was measured until then is the answer. */
  readonly signal: AbortSignal;
  /** Called once everything is attached: calls from now on are seen. */
  onReady?(): void;
}
