/**
 * The instruction set of BPF as far as we generate it (Documentation/bpf/standardization/instruction-set.rst,
 * include/uapi/linux/bpf.h). 64-bit arithmetic only, version 2 jumps: runs on every kernel since 4.14.
 */

/** A register: r0 holds results, r1–r5 arguments (lost in a call), r6–r9 survive calls, r10 is the frame's end. */
export type Reg = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Arithmetic on 64 bits. `arsh` keeps the sign. */
export type AluOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "or"
  | "and"
  | "lsh"
  | "rsh"
  | "neg"
  | "mod"
  | "xor"
  | "mov"
  | "arsh";

/** Conditions of jumps; those beginning with `s` compare signed. */
export type JumpOp = "eq" | "gt" | "ge" | "set" | "ne" | "sgt" | "sge" | "lt" | "le" | "slt" | "sle";

/**
 * What differs from one run to the next of the same program: CLOCK_REALTIME - CLOCK_MONOTONIC in nanoseconds, and our
 * process in the initial pid namespace.
 */
export type Variable = "realtime_offset" | "self_tgid";

/** Width of a load or store in bytes. */
export type Width = 1 | 2 | 4 | 8;

/** A place to jump to. Made by `Assembler.label()`, put down by `Assembler.mark()`. */
export interface Label {
  readonly id: number;
  /** For the disassembly. */
  readonly name: string;
}

/** One instruction before labels and maps have their numbers. `ld_imm64` and `ld_map` take two slots of 8 bytes. */
export type Insn =
  | { readonly op: "alu"; readonly fn: AluOp; readonly dst: Reg; readonly src: Reg | null; readonly imm: number }
  | { readonly op: "ld_imm64"; readonly dst: Reg; readonly value: bigint }
  | { readonly op: "ld_map"; readonly dst: Reg; readonly map: string }
  /** A value that is known when the program is loaded; two slots. */
  | { readonly op: "ld_variable"; readonly dst: Reg; readonly variable: Variable }
  | { readonly op: "load"; readonly width: Width; readonly dst: Reg; readonly src: Reg; readonly off: number }
  | { readonly op: "store"; readonly width: Width; readonly dst: Reg; readonly off: number; readonly src: Reg }
  | { readonly op: "store_imm"; readonly width: Width; readonly dst: Reg; readonly off: number; readonly imm: number }
  /** Linux 5.12; `src` gets what was there. */
  | { readonly op: "atomic_fetch_add"; readonly dst: Reg; readonly off: number; readonly src: Reg }
  | { readonly op: "atomic_add"; readonly dst: Reg; readonly off: number; readonly src: Reg }
  | {
    readonly op: "jump";
    readonly fn: JumpOp;
    readonly dst: Reg;
    readonly src: Reg | null;
    readonly imm: number;
    readonly to: Label;
  }
  | { readonly op: "goto"; readonly to: Label }
  | { readonly op: "call"; readonly helper: number }
  | { readonly op: "exit" }
  /** The low bits turned to network order and the others to zero. */
  | { readonly op: "to_be"; readonly dst: Reg; readonly bits: 16 | 32 | 64 }
  /** No instruction: a place. */
  | { readonly op: "label"; readonly label: Label };

/** Codes of arithmetic, upper four bits of the opcode. */
export const ALU_CODES: Readonly<Record<AluOp, number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
};

/** Turning bytes around, to network order; of class ALU (instruction-set.rst, "Byte swap instructions"). */
export const TO_BIG_ENDIAN = 0xd8;

/** Codes of conditional jumps, upper four bits of the opcode. */
export const JUMP_CODES: Readonly<Record<JumpOp, number>> = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
};

/** Size bits of loads and stores. */
export const WIDTH_CODES: Readonly<Record<Width, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** Instruction classes, lower three bits of the opcode. */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Operand comes from the source register, not from the immediate. */
export const SRC_REG = 0x08;
/** Memory mode of loads and stores. */
export const MODE_MEM = 0x60;
/** Atomic mode of stores. */
export const MODE_ATOMIC = 0xc0;
/** BPF_ADD | BPF_FETCH: what an atomic addition does besides (include/uapi/linux/bpf.h). */
export const ATOMIC_FETCH = 0x01;
/** In the source register field of a 64-bit immediate load: the immediate is a map's descriptor. */
export const PSEUDO_MAP_FD = 1;
