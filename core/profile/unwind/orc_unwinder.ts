import { type Address, isKernelAddress, ORC_REG, ORC_TYPE, type OrcTable } from "../../symbols/mod.ts";
import { StackCopy } from "./_stack_copy.ts";
import type { StackEnd, UserStack, UserState } from "./unwinder.ts";

/** A table where it was loaded. */
export interface LoadedOrc {
  readonly table: OrcTable;
  /** Added to the table's addresses, gives those of the running kernel: 0 without KASLR, and for modules. */
  readonly slide: number;
}

/** Finds the callers of a place in the kernel (x86-64). */
export interface OrcUnwinder {
  /**
   * @param state in kernel code: registers by DWARF numbers, of which rip, rsp, rbp are needed, and the copy of a kernel
   *   stack from rsp on
   * @returns an object that the next call uses again
   */
  unwind(state: UserState): UserStack;
}

const RAX = 0;
const RDX = 1;
const RDI = 5;
const RBP = 6;
const RSP = 7;
const R10 = 10;
const R13 = 13;
const RIP = 16;

/** Where `struct pt_regs` keeps registers, in bytes (arch/x86/include/asm/ptrace.h), by DWARF number. */
const PT_REGS: Readonly<Record<number, number>> = {
  [R13]: 16,
  [RBP]: 32,
  [R10]: 56,
  [RAX]: 80,
  [RDX]: 96,
  [RDI]: 112,
};
const PT_IP = 128;
const PT_CS = 136;
const PT_SP = 152;

/** Farther from the start of its row an address belongs to no function of the table. */
const MAX_ROW_BYTES = 1 << 20;

/**
 * Makes an unwinder by ORC tables, which does what the kernel's own does (arch/x86/kernel/unwind_orc.c): a row says how
 * to find the caller's stack pointer, where its frame pointer was saved, and whether what lies there is a return
 * address or saved registers. Code without a row (BPF programs, trampolines) is taken to have frame pointers.
 *
 * @param maxFrames 1–65536
 */
export function createOrcUnwinder(tables: readonly LoadedOrc[], maxFrames = 256): OrcUnwinder {
  const copy = new StackCopy();
  const out: UserStack = {
    addresses: new Float64Array(maxFrames),
    exact: new Uint8Array(maxFrames),
    length: 0,
    end: "root",
  };
  let registers = new Float64Array(17);
  let sp = NaN;
  let bp = NaN;
  /** The last saved registers, and those before them, when the last were but an interrupt's frame. */
  let regs = NaN;
  let fullBefore = NaN;

  /** A register of the code that is being unwound, if somebody saved it. */
  const register = (n: number): number => {
    const offset = PT_REGS[n];
    if (regs === regs) return copy.load(regs + offset);
    if (fullBefore === fullBefore) return copy.load(fullBefore + offset);
    return out.length === 1 ? registers[n] : NaN;
  };

  const whyNot = (): StackEnd => {
    if (copy.missed !== copy.missed) return "unknown_register";
    const above = copy.missed - copy.start;
    return above >= 0 && above < KERNEL_STACK ? "copy_too_short" : "other_stack";
  };

  const walk = (pc: Address): StackEnd => {
    let isExact = 1;
    for (;;) {
      out.addresses[out.length] = pc;
      out.exact[out.length++] = isExact;
      if (out.length === maxFrames) return "depth_limit";
      const { table, row } = rowOf(tables, isExact ? pc : pc - 1);
      copy.missed = NaN;
      const bits = table ? table.bits[row] : BY_FRAME_POINTER;
      const spOffset = table ? table.spOffsets[row] : 16;
      const bpOffset = table ? table.bpOffsets[row] : -16;
      const type = bits >>> 8 & 7;
      if (type === ORC_TYPE.END_OF_STACK) return "root";
      if (type === ORC_TYPE.UNDEFINED) return "no_table";

      let caller: number;
      const spReg = bits & 0xf;
      switch (spReg) {
        case ORC_REG.SP:
          caller = sp + spOffset;
          break;
        case ORC_REG.BP:
          caller = bp + spOffset;
          break;
        case ORC_REG.SP_INDIRECT:
          caller = copy.load(sp) + spOffset;
          break;
        case ORC_REG.BP_INDIRECT:
          caller = copy.load(bp + spOffset);
          break;
        case ORC_REG.R10:
          caller = register(R10);
          break;
        case ORC_REG.R13:
          caller = register(R13);
          break;
        case ORC_REG.DI:
          caller = register(RDI);
          break;
        case ORC_REG.AX:
          caller = register(RAX);
          break;
        case ORC_REG.DX:
          caller = register(RDX);
          break;
        default:
          return "bad_table";
      }
      if (caller !== caller) return table ? whyNot() : "no_mapping";

      const before = sp;
      if (type === ORC_TYPE.CALL) {
        pc = copy.load(caller - 8);
        sp = caller;
        regs = fullBefore = NaN;
      } else if (type === ORC_TYPE.REGS || type === ORC_TYPE.REGS_PARTIAL) {
        const whole = type === ORC_TYPE.REGS;
        // An interrupt's frame is the last part of the saved registers.
        const at = whole ? caller : caller - PT_IP;
        pc = copy.load(at + PT_IP);
        sp = copy.load(at + PT_SP);
        if (sp !== sp) return whyNot();
        if (copy.load(at + PT_CS) % 4 === 3) return "root";
        fullBefore = whole ? NaN : regs;
        regs = whole ? at : NaN;
      } else return "bad_table";
      if (pc !== pc) return table ? whyNot() : "no_mapping";

      switch (bits >>> 4 & 0xf) {
        case ORC_REG.UNDEFINED: {
          const saved = register(RBP);
          if (saved === saved && (regs === regs || fullBefore === fullBefore)) bp = saved;
          break;
        }
        case ORC_REG.PREV_SP:
          bp = copy.load(caller + bpOffset);
          break;
        case ORC_REG.BP:
          bp = copy.load(bp + bpOffset);
          break;
        default:
          return "bad_table";
      }
      isExact = bits & 0x800 ? 1 : 0;
      if (!isKernelAddress(pc)) return "no_mapping";
      if (type === ORC_TYPE.CALL && sp <= before) return "no_progress";
    }
  };

  return {
    unwind: (state) => {
      registers = state.registers as Float64Array<ArrayBuffer>;
      sp = registers[RSP];
      bp = registers[RBP];
      regs = fullBefore = NaN;
      copy.set(state.stack, state.at, sp, state.bytes);
      out.length = 0;
      out.end = walk(registers[RIP]);
      return out;
    },
  };
}

/** Stacks of the kernel have 16 KiB, 32 with KASAN. */
const KERNEL_STACK = 32 << 10;

/** As the kernel has it: the caller's stack begins above the frame pointer's frame, which holds the caller's at its start. */
const BY_FRAME_POINTER = ORC_REG.BP | ORC_REG.PREV_SP << 4 | ORC_TYPE.CALL << 8;

/** The nearest row at or before an address, of any table. */
function rowOf(tables: readonly LoadedOrc[], address: Address): { table: OrcTable | null; row: number } {
  let nearest = MAX_ROW_BYTES;
  let found: OrcTable | null = null;
  let row = -1;
  for (const { table, slide } of tables) {
    const i = table.find(address - slide);
    if (i < 0) continue;
    const distance = address - slide - table.addresses[i];
    if (distance < nearest) [nearest, found, row] = [distance, table, i];
  }
  return { table: found, row };
}
