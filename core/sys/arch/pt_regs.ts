/** Byte offsets in the kernel's `struct pt_regs` that probes need. They are ABI: they do not change. */
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
  /** The registers of a function's arguments, in order, by the calling convention of C. */
  readonly arguments: readonly number[];
  /** What a function returned. */
  readonly result: number;
  readonly stackPointer: number;
  readonly instructionPointer: number;
  /** What a return leaves the stack pointer above its value at the function's first instruction. */
  readonly popped: number;
  /** Bytes of the whole, as programs on perf events see it. */
  readonly bytes: number;
  /** Registers by the names that assemblers use, with their width: the arguments of USDT probes. */
  readonly named: ReadonlyMap<string, { readonly offset: number; readonly width: 1 | 2 | 4 | 8 }>;
}

type NamedRegisters = PtRegs["named"];

/** rax and eax, ax, al; r8 and r8d, r8w, r8b. */
function x64Registers(): NamedRegisters {
  const named = new Map<string, { offset: number; width: 1 | 2 | 4 | 8 }>();
  const legacy = { a: 80, b: 40, c: 88, d: 96 };
  for (const [letter, offset] of Object.entries(legacy)) {
    named.set(`r${letter}x`, { offset, width: 8 });
    named.set(`e${letter}x`, { offset, width: 4 });
    named.set(`${letter}x`, { offset, width: 2 });
    named.set(`${letter}l`, { offset, width: 1 });
  }
  for (const [name, offset] of Object.entries({ si: 104, di: 112, bp: 32, sp: 152 })) {
    named.set(`r${name}`, { offset, width: 8 });
    named.set(`e${name}`, { offset, width: 4 });
    named.set(name, { offset, width: 2 });
    named.set(`${name}l`, { offset, width: 1 });
  }
  [72, 64, 56, 48, 24, 16, 8, 0].forEach((offset, i) => {
    for (const [suffix, width] of [["", 8], ["d", 4], ["w", 2], ["b", 1]] as const) {
      named.set(`r${i + 8}${suffix}`, { offset, width });
    }
  });
  return named;
}

/** x0 and w0 to x30 and w30, sp. */
function arm64Registers(): NamedRegisters {
  const named = new Map<string, { offset: number; width: 4 | 8 }>([["sp", { offset: 248, width: 8 }]]);
  for (let i = 0; i < 31; i++) {
    named.set(`x${i}`, { offset: i * 8, width: 8 });
    named.set(`w${i}`, { offset: i * 8, width: 4 });
  }
  return named;
}

/**
 * arch/x86/include/asm/ptrace.h: system calls take di, si, dx, r10, r8, r9, functions cx for r10; orig_ax; cs is
 * __USER_CS (0x33).
 */
const X64: PtRegs = {
  syscallArguments: [112, 104, 96, 56, 72, 64],
  syscallNumber: { offset: 120, width: 8 },
  native: { offset: 136, shift: 0, bits: 16, equals: 0x33 },
  arguments: [112, 104, 96, 88, 72, 64],
  result: 80,
  stackPointer: 152,
  instructionPointer: 128,
  popped: 8,
  bytes: 168,
  named: x64Registers(),
};

/** arch/arm64/include/asm/ptrace.h: orig_x0, then x1 to x5; syscallno; PSR_MODE32_BIT of pstate is clear. */
const ARM64: PtRegs = {
  syscallArguments: [272, 8, 16, 24, 32, 40],
  syscallNumber: { offset: 280, width: 4 },
  native: { offset: 264, shift: 4, bits: 1, equals: 0 },
  arguments: [0, 8, 16, 24, 32, 40, 48, 56],
  result: 0,
  stackPointer: 248,
  instructionPointer: 256,
  popped: 0,
  bytes: 272,
  named: arm64Registers(),
};

/** That of the processor we run on. */
export const PT_REGS: PtRegs = Deno.build.arch === "aarch64" ? ARM64 : X64;
