import { errnoName } from "./errno.ts";
import { remedyFor } from "./_remedy.ts";

/** A system call that the kernel refused. */
export class SysError extends Error {
  override readonly name: string = "SysError";
  /** Positive error number. */
  readonly errno: number;
  /** Its name: `EPERM`. */
  readonly code: string;
  /** Name of the system call. */
  readonly call: string;
  /** What the user can do about it, as a sentence; empty when we know nothing that helps. */
  readonly remedy: string;

  /**
   * @param call name of the system call
   * @param errno error number, positive or negative
   * @param what what it was called on, as a phrase: `"/etc/shadow"`, `cpu 3`
   * @param remedy replaces the general one for this call and error
   */
  constructor(call: string, errno: number, what = "", remedy?: string) {
    const code = errnoName(errno);
    super(`${call}${what && ` on ${what}`} failed: ${code}`);
    this.errno = Math.abs(errno);
    this.code = code;
    this.call = call;
    this.remedy = remedy ?? remedyFor(call, code);
  }
}

/**
 * Turns the answer of a raw call into a value or a throw.
 *
 * @param result a value, or -errno
 * @param call name of the system call, for the message
 * @param what what it was called on
 * @returns the value, not negative
 * @throws {SysError} when the result is negative
 */
export function check(result: number, call: string, what?: string): number {
  if (result < 0) throw new SysError(call, result, what);
  return result;
}
