import type { Arch } from "./arch.ts";

/** aarch64. Numbers: include/uapi/asm-generic/unistd.h. Run under emulation, not yet on such hardware. */
export const arm64: Arch = {
  name: "arm64",
  elfMachine: 183,
  syscalls: {
    bpf: 280,
    capget: 90,
    clock_gettime: 113,
    clone: 220,
    close: 57,
    eventfd2: 19,
    execve: 221,
    exit_group: 94,
    fcntl: 25,
    ftruncate: 46,
    futex: 98,
    getpid: 172,
    getppid: 173,
    getrusage: 165,
    gettid: 178,
    ioctl: 29,
    kill: 129,
    lseek: 62,
    madvise: 233,
    memfd_create: 279,
    mmap: 222,
    mount: 40,
    mprotect: 226,
    munmap: 215,
    name_to_handle_at: 264,
    openat: 56,
    openat2: 437,
    perf_event_open: 241,
    pidfd_open: 434,
    pidfd_send_signal: 424,
    pipe2: 59,
    ppoll: 73,
    prctl: 167,
    pread64: 67,
    prlimit64: 261,
    process_vm_readv: 270,
    ptrace: 117,
    pwrite64: 68,
    read: 63,
    readlinkat: 78,
    rt_sigaction: 134,
    rt_sigprocmask: 135,
    sched_getaffinity: 123,
    sched_setaffinity: 122,
    seccomp: 277,
    setns: 268,
    statx: 291,
    syslog: 116,
    tgkill: 131,
    umount2: 39,
    uname: 160,
    wait4: 260,
    waitid: 95,
    write: 64,
  },
  // C passes seven integers in x0…x6; the kernel wants them in x8, x0…x5.
  syscallStub: [
    0x2a0003e8, // mov w8, w0
    0xaa0103e0, // mov x0, x1
    0xaa0203e1, // mov x1, x2
    0xaa0303e2, // mov x2, x3
    0xaa0403e3, // mov x3, x4
    0xaa0503e4, // mov x4, x5
    0xaa0603e5, // mov x5, x6
    0xd4000001, // svc #0
    0xd65f03c0, // ret
  ].flatMap(littleEndian),
  // The number of a counter is part of the instruction there (mrs x0, pmevcntr3_el0).
  rdpmcStub: null,
  spawnStub: [
    0xd2801b88, // mov x8, clone
    0xd4000001, // svc #0: the table's address stays in x2
    0xb4000040, // cbz x0, child
    0xd65f03c0, // ret
    0xaa0203f3, // child: mov x19, x2
    0xf9400268, // next: ldr x8, [x19]
    0xa9408660, // ldp x0, x1, [x19, #8]
    0xa9418e62, // ldp x2, x3, [x19, #24]
    0xa9429664, // ldp x4, x5, [x19, #40]
    0xd4000001, // svc #0
    0xf9001e60, // str x0, [x19, #56]
    0x91010273, // add x19, x19, #64
    0x17fffff9, // b next
  ].flatMap(littleEndian),
  bellStub: [
    0x10000040, // adr x0, handler
    0xd65f03c0, // ret
    0xd65f03c0, // handler: ret
  ].flatMap(littleEndian),
  bellRestorer: null,
};

function littleEndian(word: number): number[] {
  return [word & 255, word >>> 8 & 255, word >>> 16 & 255, word >>> 24];
}
