import { ERRNO, PTRACE, ptraceRegisters, readSyscallInfo, SYSCALL_INFO } from "../sys/mod.ts";
import { REGISTERS } from "./_registers.ts";
import type { Tracee } from "./_tracee.ts";

/** What a thread that has stopped in a system call is doing. */
export const CALL_STOP = { GONE: -1, NONE: 0, ENTRY: 1, EXIT: 2, FOREIGN: 3 } as const;

/**
 * Reads the call that a thread has stopped in, and writes it into the thread: number and arguments at its entry, answer
 * and error at its exit.
 *
 * @returns one of {@linkcode CALL_STOP}; FOREIGN: a call of another architecture (a 32-bit program), whose numbers mean
 *   something else: nothing is written
 */
export type CallReader = (t: Tracee) => number;

/**
 * Asks the kernel what the stop is (PTRACE_GET_SYSCALL_INFO); on a kernel before 5.3 reads the registers, and takes the
 * stops of a thread for entry and exit in turn. The kernel tells of each call whose it is, at its entry and at its exit
 * alike: also of `int $0x80` in a 64-bit program (TS_COMPAT, arch/x86/include/asm/syscall.h). Registers do not: there such
 * a call is taken for one of the machine's own.
 *
 * @param useRegisters as if the kernel could not be asked
 */
export function callReader(useRegisters = false): CallReader {
  const info = new Uint32Array(new ArrayBuffer(SYSCALL_INFO.words * 4));
  const registers = registerReader();
  return (t) => {
    if (useRegisters) return registers(t);
    const size = readSyscallInfo(t.tid, info);
    if (size < 0) {
      if (size === -ERRNO.ESRCH) return CALL_STOP.GONE;
      useRegisters = true;
      return registers(t);
    }
    if (info[SYSCALL_INFO.arch] !== AUDIT_ARCH) return CALL_STOP.FOREIGN;
    switch (info[0] & 0xff) {
      case SYSCALL_INFO.ENTRY:
      case SYSCALL_INFO.SECCOMP: {
        const nr = info[SYSCALL_INFO.nr] | 0;
        if ((nr & X32_BIT) !== 0 && nr > 0) return CALL_STOP.FOREIGN;
        t.nr = nr;
        const { args } = t;
        for (let i = 0; i < 12; i++) args[i] = info[SYSCALL_INFO.args + i];
        return CALL_STOP.ENTRY;
      }
      case SYSCALL_INFO.EXIT:
        t.ret[0] = info[SYSCALL_INFO.result];
        t.ret[1] = info[SYSCALL_INFO.result + 1];
        t.error = (info[SYSCALL_INFO.isError] & 0xff) !== 0 ? -(t.ret[0] | 0) : 0;
        return CALL_STOP.EXIT;
      default:
        return CALL_STOP.NONE;
    }
  };
}

function registerReader(): CallReader {
  const words = new BigUint64Array(new ArrayBuffer(REGISTERS.words * 8));
  const halves = new Uint32Array(words.buffer);
  return (t) => {
    if (ptraceRegisters(PTRACE.GETREGSET, t.tid, words) < 0) return CALL_STOP.GONE;
    const { calls } = REGISTERS;
    if (calls.native !== null && halves[2 * calls.native.word] !== calls.native.value) return CALL_STOP.FOREIGN;
    if (!t.inCall) {
      t.nr = halves[2 * calls.number] | 0;
      if ((t.nr & X32_BIT) !== 0 && t.nr > 0) return CALL_STOP.FOREIGN;
      for (let i = 0; i < 6; i++) {
        t.args[2 * i] = halves[2 * calls.args[i]];
        t.args[2 * i + 1] = halves[2 * calls.args[i] + 1];
      }
      return CALL_STOP.ENTRY;
    }
    t.ret[0] = halves[2 * calls.result];
    t.ret[1] = halves[2 * calls.result + 1];
    const value = t.ret[0] | 0;
    t.error = t.ret[1] === 0xffff_ffff && value < 0 && value >= -MAX_ERRNO ? -value : 0;
    return CALL_STOP.EXIT;
  };
}

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (include/uapi/linux/audit.h): ELF machine, 64 bits, little endian. */
export const AUDIT_ARCH: number = Deno.build.arch === "aarch64" ? 0xc000_00b7 : 0xc000_003e;
const X32_BIT = 0x4000_0000;
const MAX_ERRNO = 4095;
