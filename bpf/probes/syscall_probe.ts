import { type Field, field } from "../../core/data/mod.ts";
import { syscallNumber } from "../../core/host/syscall_name.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { Access, MemberAccess } from "../codegen/access.ts";
import type { Guard } from "../codegen/program.ts";
import {
  argumentWidth,
  eventOfSyscall,
  type Format,
  type FormatField,
  formatField,
  syscallOfEvent,
} from "../../core/host/mod.ts";

/** One side of one system call, as a raw tracepoint on all of them with a guard. */
export interface SyscallProbe {
  readonly rawName: "sys_enter" | "sys_exit";
  readonly guards: readonly Guard[];
  readonly args: ReadonlyMap<string, { readonly field: Field; readonly access: Access }>;
}

/**
 * `tracepoint:syscalls:sys_enter_NAME` or `sys_exit_NAME` on the raw tracepoints, which attach and detach a hundred
 * times faster. The arguments come from the registers, cut to the width of their C types. As the kernel's own
 * tracepoint does, it leaves out 32-bit programs, whose calls have other numbers (but not the rare `int 0x80` of a
 * 64-bit program).
 *
 * @param format of the tracepoint, for the arguments' names; null when tracefs is not to be had: they are 0 to 5 then
 * @returns null when the name is none of this kind
 */
export function syscallProbe(name: string, format: Format | null): SyscallProbe | null {
  const m = /^sys_(enter|exit)_(\w+)$/.exec(name);
  const number = m && syscallNumber(syscallOfEvent(m[2]));
  if (m === null || number === null) return null;
  const native: Guard = {
    access: {
      ...register(PT_REGS.native.offset),
      leaf: {
        kind: "int",
        width: 8,
        signed: false,
        bool: false,
        bits: { shift: PT_REGS.native.shift, size: PT_REGS.native.bits },
      },
    },
    oneOf: [BigInt(PT_REGS.native.equals)],
  };
  if (m[1] === "exit") {
    const { offset, width } = PT_REGS.syscallNumber;
    const nr: Access = { ...register(offset), leaf: { kind: "int", width, signed: true, bool: false } };
    const ret = { field: field("args.ret", "int", "long"), access: RESULT };
    return {
      rawName: "sys_exit",
      guards: [{ access: nr, oneOf: [BigInt(number)] }, native],
      args: new Map([["ret", ret]]),
    };
  }
  const args = new Map<string, { field: Field; access: Access }>();
  const named = format?.fields.filter((f) => !f.name.startsWith("__")) ?? positional();
  named.slice(0, 6).forEach((f, i) => {
    const { width, signed } = argumentWidth(f);
    args.set(f.name, {
      field: formatField({ ...f, signed }, `args.${f.name}`),
      access: { ...register(PT_REGS.syscallArguments[i]), leaf: { kind: "int", width, signed, bool: false } },
    });
  });
  return { rawName: "sys_enter", guards: [{ access: NUMBER, oneOf: [BigInt(number)] }, native], args };
}

/** `trace_sys_enter(regs, id)` and `trace_sys_exit(regs, ret)`: the first argument. */
export const REGISTERS: Access = { kind: "context", offset: 0, width: 8, signed: false };
/** The second argument. */
export const NUMBER: Access = { kind: "context", offset: 8, width: 8, signed: true };

/** The two raw tracepoints of all system calls. Their arguments are known without the kernel's type information. */
export function isSyscallRaw(name: string): name is "sys_enter" | "sys_exit" {
  return name === "sys_enter" || name === "sys_exit";
}

/** Their arguments, in order. */
export function syscallRawFields(name: "sys_enter" | "sys_exit"): [Field, Field] {
  return [
    field("args.regs", "address", "struct pt_regs *"),
    name === "sys_enter"
      ? field("args.id", "int", "Number of the system call")
      : field("args.ret", "int", "What the system call answered"),
  ];
}
const RESULT = NUMBER;

/** The name in `sys_enter_NAME` of a system call; null when there is none of that name. */
export function tracepointOfSyscall(call: string): string | null {
  return syscallNumber(call) === null ? null : eventOfSyscall(call);
}

function register(offset: number): Omit<MemberAccess, "leaf"> {
  // The context's first argument points to the registers.
  return { kind: "member", base: 0, offsets: [offset], certain: true };
}

function positional(): FormatField[] {
  return [0, 1, 2, 3, 4, 5].map((i) => ({
    name: String(i),
    type: "unsigned long",
    offset: 0,
    size: 8,
    signed: false,
  }));
}
