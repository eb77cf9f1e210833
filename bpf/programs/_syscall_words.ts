import { syscallName } from "../../core/host/syscall_name.ts";
import { errnoName } from "../../core/sys/mod.ts";

/** Which table a call's number belongs to, as `syscall_count.bpf.c` numbers them. */
const NATIVE = 0, COMPAT = 1;
/** The table of 32-bit programs, by the architecture that runs them. */
const COMPAT_TABLE = Deno.build.arch === "aarch64" ? "arm" : "i386";

/**
 * Name of a system call. One of another table has another name, since the same number means another call there:
 * `i386:4`, `x32:execve`.
 *
 * @param abi 0: the machine's own table; 1: that of 32-bit programs; 2: x32
 */
export function callName(nr: number, abi: number): string {
  if (abi === NATIVE) return syscallName(nr);
  return abi === COMPAT ? `${COMPAT_TABLE}:${nr}` : `x32:${syscallName(nr)}`;
}

/**
 * Errors that programs never see: the kernel makes the call again behind a signal, or makes EINTR of them
 * (include/linux/errno.h).
 */
const RESTARTS: Readonly<Record<number, string>> = {
  512: "ERESTARTSYS",
  513: "ERESTARTNOINTR",
  514: "ERESTARTNOHAND",
  516: "ERESTART_RESTARTBLOCK",
};

/** Name of what a system call answered. @param errno 1–4095 */
export function errorName(errno: number): string {
  return RESTARTS[errno] ?? errnoName(errno);
}
