import { elfObject } from "./_elf_object.ts";
import { arch } from "./arch/mod.ts";

// One function of our object, declared once per shape of call: 32-bit parameters and results where they fit, because
// those need no bigint and get V8's fast calls. `buffer` hands over the address and keeps the buffer alive meanwhile.
const SYMBOLS = {
  general: {
    name: "sonde_syscall",
    // int nr, long a, b, c, d, e, f
    parameters: ["i32", "i64", "i64", "i64", "i64", "i64", "i64"],
    result: "i64",
  },
  // int nr
  plain: { name: "sonde_syscall", parameters: ["i32"], result: "i32" },
  // int nr, int fd
  withFd: { name: "sonde_syscall", parameters: ["i32", "i32"], result: "i32" },
  // int nr, int, int
  withTwo: { name: "sonde_syscall", parameters: ["i32", "i32", "i32"], result: "i32" },
  // int nr, int fd, unsigned int request, unsigned long arg
  ioctl: { name: "sonde_syscall", parameters: ["i32", "i32", "u32", "u64"], result: "i32" },
  // int nr, int fd, unsigned int request, void *arg
  ioctlBuffer: { name: "sonde_syscall", parameters: ["i32", "i32", "u32", "buffer"], result: "i32" },
  // int nr, int fd, void *buf, size_t count, off_t offset
  readWrite: { name: "sonde_syscall", parameters: ["i32", "i32", "buffer", "u64", "i64"], result: "i32" },
  // int nr, int dirfd, const char *path, int flags, mode_t mode
  openat: { name: "sonde_syscall", parameters: ["i32", "i32", "buffer", "i32", "i32"], result: "i32" },
  // int nr, void *a, void *b
  twoBuffers: { name: "sonde_syscall", parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // int nr, void *buf, int
  bufferOnly: { name: "sonde_syscall", parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int nr, int cmd or id, void *buf, unsigned int size
  bufferSecond: { name: "sonde_syscall", parameters: ["i32", "i32", "buffer", "u32"], result: "i32" },
  // int nr, pid_t tid, size_t size, void *buf
  withCount: { name: "sonde_syscall", parameters: ["i32", "i32", "u64", "buffer"], result: "i32" },
  // int nr, void *a, void *b, void *c, unsigned long flags, void *d
  mount: {
    name: "sonde_syscall",
    parameters: ["i32", "buffer", "buffer", "buffer", "u64", "buffer"],
    result: "i32",
  },
  // int nr, void *attr, pid_t pid, int cpu, int group_fd, unsigned long flags
  perfEventOpen: {
    name: "sonde_syscall",
    parameters: ["i32", "buffer", "i32", "i32", "i32", "u64"],
    result: "i32",
  },
  // int nr, struct pollfd *fds, unsigned int nfds, struct timespec *timeout, sigset_t *mask, size_t masksize
  ppoll: {
    name: "sonde_syscall",
    parameters: ["i32", "buffer", "u32", "buffer", "u64", "u64"],
    result: "i32",
  },
  ppollAsync: {
    name: "sonde_syscall",
    parameters: ["i32", "buffer", "u32", "buffer", "u64", "u64"],
    result: "i32",
    nonblocking: true,
  },
  // int nr, long request, pid_t tid, unsigned long address, unsigned long data
  ptrace: { name: "sonde_syscall", parameters: ["i32", "u64", "i32", "u64", "u64"], result: "i32" },
  // int nr, long request, pid_t tid, unsigned long address, void *data
  ptraceBuffer: { name: "sonde_syscall", parameters: ["i32", "u64", "i32", "u64", "buffer"], result: "i32" },
  // int nr, pid_t tid, int *status, int options, struct rusage *usage
  wait4: { name: "sonde_syscall", parameters: ["i32", "i32", "buffer", "i32", "buffer"], result: "i32" },
  // int nr, pid_t pid, struct iovec *local, unsigned long, struct iovec *remote, unsigned long, unsigned long flags
  processVmReadv: {
    name: "sonde_syscall",
    parameters: ["i32", "i32", "buffer", "u64", "buffer", "u64", "u64"],
    result: "i32",
  },
  // int nr, int pid, int tid, int signal
  withThree: { name: "sonde_syscall", parameters: ["i32", "i32", "i32", "i32"], result: "i32" },
  // unsigned long flags, void *stack, long *calls
  spawn: { name: "sonde_spawn", parameters: ["u64", "u64", "u64"], result: "i64" },
  bell: { name: "sonde_bell", parameters: [], result: "u64" },
  // unsigned int counter
  rdpmc: { name: "sonde_rdpmc", parameters: ["u32"], result: "u64", optional: true },
} as const;

/** The calls into our object, by shape. */
export type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let loaded: Library | undefined;

/** The raw-syscall object, loaded at the first call and never unloaded. */
export function library(): Library {
  return loaded ??= load();
}

/**
 * Writes the object into a memory file and has the dynamic loader open it by its name under `/proc/self/fd`: nothing
 * touches a disk. The memory file itself is a system call, so the first one is borrowed from the C library.
 */
function load(): Library {
  const libc = Deno.dlopen("libc.so.6", {
    // int memfd_create(const char *name, unsigned int flags)
    memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
    // int close(int fd)
    close: { parameters: ["i32"], result: "i32" },
  });
  try {
    const MFD_CLOEXEC = 1;
    const fd = libc.symbols.memfd_create(new TextEncoder().encode("sonde\0"), MFD_CLOEXEC);
    if (fd < 0) throw new Error("Cannot create a memory file (memfd_create): needs Linux 3.17 and permission to do so");
    try {
      const path = `/proc/self/fd/${fd}`;
      const { syscallStub, spawnStub, bellStub, rdpmcStub } = arch;
      const functions: Record<string, readonly number[]> = rdpmcStub ? { sonde_rdpmc: rdpmcStub } : {};
      const all = { sonde_syscall: syscallStub, sonde_spawn: spawnStub, sonde_bell: bellStub, ...functions };
      Deno.writeFileSync(path, elfObject(arch, all), { create: false });
      return Deno.dlopen(path, SYMBOLS).symbols;
    } finally {
      libc.symbols.close(fd);
    }
  } finally {
    libc.close();
  }
}
