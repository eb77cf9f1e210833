/** Byte offsets in the kernel's `struct pt_regs` that a probe on system calls needs. They are ABI: they do not change. */
export interface PtRegs {
  /** The registers of a system call's arguments, in order. */
  readonly syscallArguments: readonly number[];
  /** The number of the system call, and its width. */
  readonly syscallNumber: { readonly offset: number; readonly width: 4 | 8 };
  /** A word, some bits of it, and what they are when the caller is a 64-bit program. */
  readonly native: {
    readonly offset: number;
    readonly shift: number;
    readonly bits: number;
    readonly equals: number;
  };
}

/** arch/x86/include/asm/ptrace.h: di, si, dx, r10, r8, r9; orig_ax; cs is __USER_CS (0x33). */
const X64: PtRegs = {
  syscallArguments: [112, 104, 96, 56, 72, 64],
  syscallNumber: { offset: 120, width: 8 },
  native: { offset: 136, shift: 0, bits: 16, equals: 0x33 },
};

/** arch/arm64/include/asm/ptrace.h: orig_x0, then x1 to x5; syscallno; PSR_MODE32_BIT of pstate is clear. */
const ARM64: PtRegs = {
  syscallArguments: [272, 8, 16, 24, 32, 40],
  syscallNumber: { offset: 280, width: 4 },
  native: { offset: 264, shift: 4, bits: 1, equals: 0 },
};

/** That of the processor we run on. */
export const PT_REGS: PtRegs = Deno.build.arch === "aarch64" ? ARM64 : X64;
