import { addressOf } from "../../core/symbols/mod.ts";

/**
 * Where struct pt_regs holds the registers with the DWARF numbers 0, 1, 2, …, in words of 64 bits. x86-64
 * (arch/x86/include/asm/ptrace.h): r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss; 16 is the
 * return address, here ip. aarch64 (arch/arm64/include/asm/ptrace.h): x0–x30, sp, pc.
 */
const PT_REGS: Readonly<Record<typeof Deno.build.arch, readonly number[]>> = {
  x86_64: [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16],
  aarch64: Array.from({ length: 33 }, (_, i) => i),
};
const ORDER = PT_REGS[Deno.build.arch];

/** Registers by their DWARF numbers out of a `struct pt_regs`. The array is used again by the next call. */
export function dwarfRegisters(ptRegs: Uint8Array<ArrayBuffer>): Float64Array {
  const view = new DataView(ptRegs.buffer, ptRegs.byteOffset, ptRegs.byteLength);
  ORDER.forEach((word, i) => {
    registers[i] = addressOf(view.getUint32(word * 8 + 4, true), view.getUint32(word * 8, true));
  });
  return registers;
}

const registers = new Float64Array(ORDER.length);
