/** A line of `/proc/PID/syscall`. */
export interface PidSyscall {
  readonly number: number;
  /** Six of them. */
  readonly args: readonly bigint[];
}

/**
 * Parses `/proc/PID/syscall` (proc_pid_syscall(5)): "NUMBER ARG0 … ARG5 SP PC". Null when the thread runs ("running"), or
 * is blocked outside of a system call ("-1 SP PC": a page fault).
 */
export function parsePidSyscall(text: string): PidSyscall | null {
  const m =
    /^(\d+) (0x[\da-f]{1,16}) (0x[\da-f]{1,16}) (0x[\da-f]{1,16}) (0x[\da-f]{1,16}) (0x[\da-f]{1,16}) (0x[\da-f]{1,16}) /
      .exec(text);
  return m === null ? null : { number: Number(m[1]), args: m.slice(2).map(BigInt) };
}
