import { library } from "./_library.ts";

/** An argument of a system call. Addresses and 64-bit values as bigint, signed or unsigned; small ones as number. */
export type SyscallArgument = bigint | number;

/**
 * Any system call, answering as the kernel does.
 *
 * @param nr number of the call, from `NR`
 * @returns a value, or -errno; exact up to 2^53
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { NR, syscall } from "./mod.ts";
 *
 * assert.equal(syscall(NR.getpid), Deno.pid);
 * assert.equal(syscall(NR.close, -1), -9); // -EBADF
 * ```
 */
export function syscall(
  nr: number,
  a: SyscallArgument = 0n,
  b: SyscallArgument = 0n,
  c: SyscallArgument = 0n,
  d: SyscallArgument = 0n,
  e: SyscallArgument = 0n,
  f: SyscallArgument = 0n,
): number {
  return Number(syscall64(nr, a, b, c, d, e, f));
}

/** Like {@linkcode syscall}, for calls that answer an address or another 64-bit value. */
export function syscall64(
  nr: number,
  a: SyscallArgument = 0n,
  b: SyscallArgument = 0n,
  c: SyscallArgument = 0n,
  d: SyscallArgument = 0n,
  e: SyscallArgument = 0n,
  f: SyscallArgument = 0n,
): bigint {
  return library().general(nr, word(a), word(b), word(c), word(d), word(e), word(f));
}

const held: (readonly ArrayBufferView[])[] = [];

/**
 * A system call whose arguments, or structs they point to, hold addresses of buffers ({@linkcode bytesAddress}).
 *
 * @param keep every buffer whose address the kernel will follow; alive until the call has returned
 * @returns a value, or -errno
 */
export function call(nr: number, args: readonly SyscallArgument[], keep: readonly ArrayBufferView[]): number {
  return keeping(keep, () => syscall(nr, ...(args as [])));
}

/** Runs `action` while buffers stay alive whatever the optimizer thinks. */
export function keeping<T>(keep: readonly ArrayBufferView[], action: () => T): T {
  // A local variable is dead after its last use, and the collector knows: a global list is not.
  held.push(keep);
  try {
    return action();
  } finally {
    held.pop();
  }
}

function word(value: SyscallArgument): bigint {
  return BigInt.asIntN(64, typeof value === "bigint" ? value : BigInt(value));
}
