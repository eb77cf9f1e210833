/** Assembler and disassembler for BPF. Pure. @module */
export * from "./assembler.ts";
export * from "./disasm.ts";
export * from "./helpers.ts";
export * from "./insn.ts";
export * from "./link.ts";
