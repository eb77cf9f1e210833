/**
 * One system call of a traced thread, as the tracer stopped it. The tracer uses one object again and again.
 *
 * 64-bit words are pairs of 32-bit halves, low first: user addresses fit a number, the rest is printed without BigInt.
 */
export interface TracedCall {
  /** Process and thread, in our pid namespace. */
  readonly pid: number;
  readonly tid: number;
  /** Number of the system call, of the machine's own table; -1: none. */
  readonly nr: number;
  /** Six arguments: `args[2 * i]` is the low half of the i-th, `args[2 * i + 1]` the high one. */
  readonly args: Uint32Array;
  /** What it returned: low half, high half. At exit only. */
  readonly ret: Uint32Array;
  /** The error number, positive; 0 when it did not fail. At exit only. */
  readonly error: number;
}

/** Memory of the traced process. */
export interface TracedMemory {
  /**
   * Reads bytes up to the first page that is not mapped.
   *
   * @param address below 2^53
   * @param length bytes, at most 65536
   * @returns what could be read, at most `length`; used again by the next call
   */
  read(pid: number, address: number, length: number): Uint8Array<ArrayBuffer>;
}
