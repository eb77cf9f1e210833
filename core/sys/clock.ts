import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { check } from "./sys_error.ts";

/** `clock_gettime(2)` clocks. */
export const CLOCK = { REALTIME: 0, MONOTONIC: 1, PROCESS_CPUTIME_ID: 2, THREAD_CPUTIME_ID: 3, BOOTTIME: 7 } as const;

const words = new Uint32Array(new ArrayBuffer(16));
const bigWords = new BigInt64Array(words.buffer);

/**
 * Reads a clock.
 *
 * @param clock one of {@linkcode CLOCK}
 * @returns nanoseconds; exact for 104 days of a clock that starts at 0, rounded to 256 ns for REALTIME
 * @throws {SysError}
 */
export function clockNs(clock: number = CLOCK.MONOTONIC): number {
  fill(clock);
  // The high word of tv_sec is 0 until the year 2106.
  return words[0] * 1e9 + words[2];
}

/** Reads a clock exactly. @returns nanoseconds @throws {SysError} */
export function clockNsBig(clock: number = CLOCK.MONOTONIC): bigint {
  fill(clock);
  return bigWords[0] * 1_000_000_000n + bigWords[1];
}

/** CPU time that this process, with all its threads, has used so far: nanoseconds. */
export function ownCpuNs(): number {
  return clockNs(CLOCK.PROCESS_CPUTIME_ID);
}

/** CPU time, in nanoseconds, that children of this process used which have ended and were waited for (`getrusage(2)`). */
export function childrenCpuNs(): number {
  const RUSAGE_CHILDREN = -1;
  const usage = new Uint32Array(new ArrayBuffer(144));
  check(library().bufferSecond(NR.getrusage, RUSAGE_CHILDREN, usage, 0), "getrusage");
  // struct rusage starts with two struct timeval: user, then system.
  return (usage[0] + usage[4]) * 1e9 + (usage[2] + usage[6]) * 1e3;
}

function fill(clock: number): void {
  check(library().bufferSecond(NR.clock_gettime, clock, words, 0), "clock_gettime");
}
