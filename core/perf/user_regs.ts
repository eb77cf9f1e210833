import type { Arch } from "../sys/mod.ts";

/** The registers that unwinding wants of a sample. */
export interface UserRegs {
  /** `perf_event_attr.sample_regs_user`. */
  readonly mask: number;
  /**
   * The registers of a sample come in the order of the kernel's numbers (bits of the mask); these are their numbers in
   * DWARF.
   */
  readonly dwarf: readonly number[];
  /** How many DWARF numbers there are, the instruction pointer's included. */
  readonly count: number;
  /** DWARF numbers of the instruction pointer, the stack pointer and the frame pointer. */
  readonly ip: number;
  readonly sp: number;
  readonly fp: number;
}

/**
 * The general registers of user code, as perf events name them (arch/x86/include/uapi/asm/perf_regs.h,
 * arch/arm64/include/uapi/asm/perf_regs.h) and as DWARF does (System V ABI for AMD64, figure 3.36; DWARF for the Arm 64-bit
 * Architecture, 4.1).
 */
export function userRegs(arch: Arch["name"]): UserRegs {
  return arch === "x64" ? X64 : ARM64;
}

/** AX BX CX DX SI DI BP SP IP are 0–8, R8–R15 are 16–23; flags and segments, between them, are left out. */
const X64: UserRegs = {
  mask: 0xff01ff,
  dwarf: [0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15],
  count: 17,
  ip: 16,
  sp: 7,
  fp: 6,
};

/** X0–X30, SP and PC are 0–32 in both. */
const ARM64: UserRegs = {
  mask: 0x1ffffffff,
  dwarf: Array.from({ length: 33 }, (_, i) => i),
  count: 33,
  ip: 32,
  sp: 31,
  fp: 29,
};
