/** How a processor's registers lie in what NT_PRSTATUS gives. */
export interface RegisterSet {
  /** 64-bit words of the whole set. */
  readonly words: number;
  /** For each register by its DWARF number, the word that holds it. */
  readonly dwarf: readonly number[];
  readonly pc: number;
  readonly sp: number;
  /** The word with a call's result, and the one with its number (-1 outside of a call); null where they are not to be had. */
  readonly call: { readonly result: number; readonly number: number; readonly instructionBytes: number } | null;
  /** The words of a system call when a tracer stops at it, and one that tells a 64-bit caller from others, if there is one. */
  readonly calls: {
    readonly number: number;
    readonly args: readonly number[];
    readonly result: number;
    readonly native: { readonly word: number; readonly value: number } | null;
  };
}

/**
 * x86-64: `struct user_regs_struct` (arch/x86/include/asm/user_64.h): r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx
 * rsi rdi orig_rax rip cs eflags rsp ss …
 */
const X64: RegisterSet = {
  words: 27,
  dwarf: [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16],
  pc: 16,
  sp: 19,
  call: { result: 10, number: 15, instructionBytes: 2 },
  // cs is __USER_CS.
  calls: { number: 15, args: [14, 13, 12, 7, 9, 8], result: 10, native: { word: 17, value: 0x33 } },
};

/** aarch64: `struct user_pt_regs`: x0–x30, sp, pc, pstate. The kernel keeps a call's number and first argument to itself. */
const ARM64: RegisterSet = {
  words: 34,
  dwarf: Array.from({ length: 33 }, (_, i) => i),
  pc: 32,
  sp: 31,
  call: null,
  calls: { number: 8, args: [0, 1, 2, 3, 4, 5], result: 0, native: null },
};

/** Those of the processor that we run on. */
export const REGISTERS: RegisterSet = Deno.build.arch === "aarch64" ? ARM64 : X64;
