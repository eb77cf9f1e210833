/** Where a thread is that does not run. Used again by the next call. */
export interface Blocked {
  /** Number of the system call that it waits in, -1 for none (a page fault). */
  nr: number;
  sp: bigint;
  pc: bigint;
}

const found: Blocked = { nr: -1, sp: 0n, pc: 0n };

/**
 * Reads `/proc/PID/task/TID/syscall` (proc(5)): `running`, or `NR ARGUMENTS SP PC`, or `-1 SP PC`.
 *
 * @returns null for a thread that runs, or is about to
 */
export function parseBlocked(text: string): Blocked | null {
  const words = text.trimEnd().split(" ");
  if (words.length < 3) return null;
  const nr = Number(words[0]);
  const [sp, pc] = words.slice(-2);
  if (!Number.isInteger(nr) || !HEX.test(sp) || !HEX.test(pc)) return null;
  found.nr = nr;
  found.sp = BigInt(sp);
  found.pc = BigInt(pc);
  return found;
}

const HEX = /^0x[0-9a-f]{1,16}$/;
