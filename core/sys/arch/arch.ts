/** The system calls we use, by their kernel names. Numbers differ per architecture. */
export type SyscallName =
  | "bpf"
  | "capget"
  | "clock_gettime"
  | "clone"
  | "close"
  | "eventfd2"
  | "execve"
  | "exit_group"
  | "fcntl"
  | "ftruncate"
  | "futex"
  | "getpid"
  | "getppid"
  | "getrusage"
  | "gettid"
  | "ioctl"
  | "kill"
  | "lseek"
  | "madvise"
  | "memfd_create"
  | "mmap"
  | "mount"
  | "mprotect"
  | "munmap"
  | "name_to_handle_at"
  | "openat"
  | "openat2"
  | "perf_event_open"
  | "pidfd_open"
  | "pidfd_send_signal"
  | "pipe2"
  | "ppoll"
  | "prctl"
  | "pread64"
  | "prlimit64"
  | "process_vm_readv"
  | "ptrace"
  | "pwrite64"
  | "read"
  | "readlinkat"
  | "rt_sigaction"
  | "rt_sigprocmask"
  | "sched_getaffinity"
  | "sched_setaffinity"
  | "seccomp"
  | "setns"
  | "statx"
  | "syslog"
  | "tgkill"
  | "umount2"
  | "uname"
  | "wait4"
  | "waitid"
  | "write";

/** All that differs between the processors we run on. */
export interface Arch {
  readonly name: "x64" | "arm64";
  /** `e_machine` of an ELF header (elf.h: EM_X86_64 62, EM_AARCH64 183). */
  readonly elfMachine: number;
  readonly syscalls: Readonly<Record<SyscallName, number>>;
  /**
   * Machine code of `long sonde_syscall(int nr, long a, long b, long c, long d, long e, long f)`: the system call with
   * the kernel's own answer, a value or -errno.
   */
  readonly syscallStub: readonly number[];
  /**
   * Machine code of `unsigned long sonde_rdpmc(unsigned int counter)`, which reads a counter of the processor without the
   * kernel; null where programs cannot choose a counter in a register.
   */
  readonly rdpmcStub: readonly number[] | null;
  /**
   * Machine code of `long sonde_spawn(long flags, void *stack, long *calls)`: clone(2), and in the child one system call
   * after the other from a table. Each row is eight words: number, six arguments, and room for the answer. It has no end:
   * the last call must be one that does not return.
   */
  readonly spawnStub: readonly number[];
  /** Machine code of `void *sonde_bell(void)`, which answers the address of a signal handler that does nothing. */
  readonly bellStub: readonly number[];
  /** Where the handler's return (`sa_restorer`) is, bytes behind the handler; null where the kernel has its own. */
  readonly bellRestorer: number | null;
}
