import { EM } from "../../symbols/mod.ts";

/** What differs between processors for unwinding. Numbers of registers are DWARF's. */
export interface UnwindArch {
  /** EM_… of ELF files. */
  readonly machine: number;
  /** Number of registers of a `UserState`. */
  readonly registers: number;
  readonly pc: number;
  readonly sp: number;
  /** The frame pointer. */
  readonly fp: number;
  /** The register that holds the return address after a call; -1 where a call pushes it. */
  readonly link: number;
  /** Whether return addresses in memory may be signed. */
  readonly signed: boolean;
  /** The column of the return address in tables. */
  readonly ra: number;
  /** The first instructions of code that returns from a signal handler by rt_sigreturn(2). */
  readonly sigreturn: readonly (readonly number[])[];
  /**
   * Where the kernel's signal frame keeps registers, as bytes from the stack pointer when the handler has returned: by
   * register.
   */
  readonly context: readonly (readonly [register: number, offset: number])[];
}

/**
 * x86-64: the handler's return pops the trampoline's address, so the stack pointer is at the `struct ucontext` of
 * `struct rt_sigframe` (arch/x86/include/asm/sigframe.h); its mcontext follows at 40 (asm/sigcontext.h): r8–r15, rdi,
 * rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
 */
const X86_64: UnwindArch = {
  machine: EM.X86_64,
  registers: 17,
  pc: 16,
  sp: 7,
  fp: 6,
  link: -1,
  signed: false,
  ra: 16,
  sigreturn: [
    [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05], // mov $15, %rax; syscall
    [0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05], // mov $15, %eax; syscall
  ],
  context: [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16].map((r, i) => [r, 40 + i * 8] as const),
};

/**
 * aarch64: `struct rt_sigframe` (arch/arm64/kernel/signal.c) is a siginfo of 128 bytes and a ucontext, whose mcontext
 * is at 176 (asm/ucontext.h, asm/sigcontext.h): fault address, x0–x30, sp, pc.
 */
const AARCH64: UnwindArch = {
  machine: EM.AARCH64,
  registers: 33,
  pc: 32,
  sp: 31,
  fp: 29,
  link: 30,
  signed: true,
  ra: 30,
  sigreturn: [[0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4]], // mov x8, #139; svc #0
  context: Array.from({ length: 33 }, (_, r) => [r, 128 + 176 + 8 + r * 8] as const),
};

/** Processors by the name that Deno has for them. */
export const UNWIND_ARCHES = { x86_64: X86_64, aarch64: AARCH64 } as const;
