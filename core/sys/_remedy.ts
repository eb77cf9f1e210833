const PERMISSION: Readonly<Record<string, string>> = {
  bpf: "Run as root, or give CAP_BPF and CAP_PERFMON.",
  perf_event_open: "Run as root, give CAP_PERFMON, or lower the sysctl kernel.perf_event_paranoid.",
  ptrace:
    "Run as root or as the owner of the process, give CAP_SYS_PTRACE, or set the sysctl kernel.yama.ptrace_scope to 0.",
  mmap: "Raise the sysctl kernel.perf_event_mlock_kb, or use smaller buffers.",
  mount: "Run as root, or give CAP_SYS_ADMIN.",
  syslog: "Run as root, give CAP_SYSLOG, or set the sysctl kernel.dmesg_restrict to 0.",
};

const GENERAL: Readonly<Record<string, string>> = {
  EMFILE: "Raise the limit on open files (ulimit -n).",
  ENFILE: "The whole machine is out of file descriptors: raise the sysctl fs.file-max.",
  ENOMEM: "Memory is short, or the limit on locked memory (ulimit -l) is too low.",
  ENOSPC: "The file system or a kernel table is full.",
  ENOSYS: "This kernel is too old for the call, or a seccomp filter hides it.",
};

/** What helps when a call is refused with an error; empty when we do not know. */
export function remedyFor(call: string, code: string): string {
  if (code === "EPERM" || code === "EACCES") return PERMISSION[call] ?? "";
  return GENERAL[code] ?? "";
}
