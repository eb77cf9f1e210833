import type { Arch } from "./arch.ts";

/** x86-64. Numbers: arch/x86/entry/syscalls/syscall_64.tbl. */
export const x64: Arch = {
  name: "x64",
  elfMachine: 62,
  syscalls: {
    bpf: 321,
    capget: 125,
    clock_gettime: 228,
    clone: 56,
    close: 3,
    eventfd2: 290,
    execve: 59,
    exit_group: 231,
    fcntl: 72,
    ftruncate: 77,
    futex: 202,
    getpid: 39,
    getppid: 110,
    getrusage: 98,
    gettid: 186,
    ioctl: 16,
    kill: 62,
    lseek: 8,
    madvise: 28,
    memfd_create: 319,
    mmap: 9,
    mount: 165,
    mprotect: 10,
    munmap: 11,
    name_to_handle_at: 303,
    openat: 257,
    openat2: 437,
    perf_event_open: 298,
    pidfd_open: 434,
    pidfd_send_signal: 424,
    pipe2: 293,
    ppoll: 271,
    prctl: 157,
    pread64: 17,
    prlimit64: 302,
    process_vm_readv: 310,
    ptrace: 101,
    pwrite64: 18,
    read: 0,
    readlinkat: 267,
    rt_sigaction: 13,
    rt_sigprocmask: 14,
    sched_getaffinity: 204,
    sched_setaffinity: 203,
    seccomp: 317,
    setns: 308,
    statx: 332,
    syslog: 103,
    tgkill: 234,
    umount2: 166,
    uname: 63,
    wait4: 61,
    waitid: 247,
    write: 1,
  },
  // C passes seven integers in rdi rsi rdx rcx r8 r9 and on the stack; the kernel wants them in rax rdi rsi rdx r10 r8
  // r9. `mov eax, edi` clears the upper half: the C ABI leaves it undefined for an int.
  syscallStub: [
    ...[0x89, 0xf8], // mov eax, edi
    ...[0x48, 0x89, 0xf7], // mov rdi, rsi
    ...[0x48, 0x89, 0xd6], // mov rsi, rdx
    ...[0x48, 0x89, 0xca], // mov rdx, rcx
    ...[0x4d, 0x89, 0xc2], // mov r10, r8
    ...[0x4d, 0x89, 0xc8], // mov r8, r9
    ...[0x4c, 0x8b, 0x4c, 0x24, 0x08], // mov r9, [rsp + 8]
    ...[0x0f, 0x05], // syscall
    0xc3, // ret
  ],
  rdpmcStub: [
    ...[0x89, 0xf9], // mov ecx, edi
    ...[0x0f, 0x33], // rdpmc: edx:eax
    ...[0x48, 0xc1, 0xe2, 0x20], // shl rdx, 32
    ...[0x48, 0x09, 0xd0], // or rax, rdx
    0xc3, // ret
  ],
  spawnStub: [
    ...[0xb8, 56, 0, 0, 0], // mov eax, clone
    ...[0x0f, 0x05], // syscall: the table's address stays in rdx
    ...[0x48, 0x85, 0xc0], // test rax, rax
    ...[0x74, 0x01], // jz child
    0xc3, // ret
    ...[0x48, 0x89, 0xd3], // child: mov rbx, rdx
    ...[0x48, 0x8b, 0x03], // next: mov rax, [rbx]
    ...[0x48, 0x8b, 0x7b, 8], // mov rdi, [rbx + 8]
    ...[0x48, 0x8b, 0x73, 16], // mov rsi, [rbx + 16]
    ...[0x48, 0x8b, 0x53, 24], // mov rdx, [rbx + 24]
    ...[0x4c, 0x8b, 0x53, 32], // mov r10, [rbx + 32]
    ...[0x4c, 0x8b, 0x43, 40], // mov r8, [rbx + 40]
    ...[0x4c, 0x8b, 0x4b, 48], // mov r9, [rbx + 48]
    ...[0x0f, 0x05], // syscall
    ...[0x48, 0x89, 0x43, 56], // mov [rbx + 56], rax
    ...[0x48, 0x83, 0xc3, 64], // add rbx, 64
    ...[0xeb, 0xd9], // jmp next
  ],
  bellStub: [
    ...[0x48, 0x8d, 0x05, 1, 0, 0, 0], // lea rax, [rip + 1]
    0xc3, // ret
    0xc3, // handler: ret
    ...[0xb8, 15, 0, 0, 0], // restorer: mov eax, rt_sigreturn
    ...[0x0f, 0x05], // syscall
  ],
  bellRestorer: 1,
};
