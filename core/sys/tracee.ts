import { bytesAddress } from "./address.ts";
import { NR } from "./arch/mod.ts";
import { library } from "./_library.ts";

/**
 * What a system call tracer asks for at every stop, without an object and without a BigInt of its own: the shapes of
 * ptrace(2) and its like that are called a hundred thousand times a second.
 */

/** Of {@linkcode resumeTracee}: to the next stop of its own, system call, or instruction; LISTEN keeps a group-stop. */
export const RESUME = { CONT: 7n, SINGLESTEP: 9n, DETACH: 17n, SYSCALL: 24n, LISTEN: 0x4208n } as const;

/**
 * Lets a stopped thread go on.
 *
 * @param how one of {@linkcode RESUME}
 * @param signal to be delivered, 0 for none
 * @returns 0, or -errno: ESRCH when it was killed meanwhile
 */
export function resumeTracee(how: bigint, tid: number, signal: number): number {
  return library().ptrace(NR.ptrace, how, tid, 0n, signal === 0 ? 0n : BigInt(signal));
}

const status = new Int32Array(new ArrayBuffer(8));
/** `struct rusage`: user time, system time (seconds, microseconds), and more. */
const usage = new Uint32Array(new ArrayBuffer(144));

/**
 * Waits for the next thing that happens to any child or traced thread of the calling thread (`wait4(2)` with __WALL).
 *
 * @param options 0, or `WAIT.NOHANG`
 * @param withUsage also asks for the CPU time of its process: {@linkcode waitedSystemNs}
 * @returns its thread id, 0 for nothing, or -errno: ECHILD when there is nobody left, EINTR after a bell. The status is
 *   {@linkcode waitedStatus}
 */
export function waitTracee(options: number, withUsage: boolean): number {
  return library().wait4(NR.wait4, -1, status, WALL_NOTHREAD | options, withUsage ? usage : null);
}

/** The status of what {@linkcode waitTracee} found, as wait(2) describes it. */
export function waitedStatus(): number {
  return status[0];
}

/** System CPU time of the process of what {@linkcode waitTracee} found, so far: nanoseconds. */
export function waitedSystemNs(): number {
  return usage[4] * 1e9 + usage[6] * 1e3;
}

/**
 * `PTRACE_GET_SYSCALL_INFO` (Linux 5.3), `struct ptrace_syscall_info` in include/uapi/linux/ptrace.h, as 32-bit words:
 * operation (low byte of word 0), architecture, instruction and stack pointer, then of an entry or a seccomp stop the
 * number and six arguments, of an exit the answer and whether it is an error.
 */
export const SYSCALL_INFO = {
  words: 22,
  NONE: 0,
  ENTRY: 1,
  EXIT: 2,
  SECCOMP: 3,
  arch: 1,
  nr: 6,
  args: 8,
  result: 6,
  isError: 8,
} as const;

/**
 * `PTRACE_GET_SYSCALL_INFO` (ptrace(2), since Linux 5.3): which system call a thread has stopped at.
 *
 * @param into as many words as {@linkcode SYSCALL_INFO} says
 * @returns bytes that there are, or -errno: EIO on older kernels
 */
export function readSyscallInfo(tid: number, into: Uint32Array<ArrayBuffer>): number {
  return library().ptraceBuffer(NR.ptrace, GET_SYSCALL_INFO, tid, INFO_BYTES, into);
}

/** `PTRACE_GETSIGINFO`: the signal that a thread has stopped for. @param into 128 bytes @returns 0, or -errno */
export function readSignalInfo(tid: number, into: Uint8Array<ArrayBuffer>): number {
  return library().ptraceBuffer(NR.ptrace, GETSIGINFO, tid, 0n, into);
}

/** Reads memory of other processes into one buffer that is used again and again. */
export interface MemoryReader {
  /**
   * Reads bytes up to the first page that is not mapped (`process_vm_readv(2)`).
   *
   * @param address below 2^53
   * @param length bytes; what is more than the buffer holds is left out
   * @returns a view of what could be read; gone with the next call
   */
  read(pid: number, address: number, length: number): Uint8Array<ArrayBuffer>;
}

/** Makes a reader. @param size bytes of its buffer */
export function memoryReader(size: number): MemoryReader {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  // Two struct iovec: where to, and where from. The buffer is held by `bytes`, which the function below returns views of.
  const local = new Uint32Array(new ArrayBuffer(16));
  const remote = new Uint32Array(new ArrayBuffer(16));
  new BigUint64Array(local.buffer)[0] = bytesAddress(bytes);
  const { processVmReadv } = library();
  return {
    read: (pid, address, length) => {
      const count = Math.min(length, size);
      local[2] = remote[2] = count;
      remote[0] = address;
      remote[1] = address / 0x1_0000_0000;
      const n = processVmReadv(NR.process_vm_readv, pid, local, 1n, remote, 1n, 0n);
      return bytes.subarray(0, n < 0 ? 0 : n);
    },
  };
}

const GET_SYSCALL_INFO = 0x420en;
const GETSIGINFO = 0x4202n;
const INFO_BYTES = 88n;
/** __WALL and __WNOTHREAD (include/uapi/linux/wait.h): threads too; only those of the calling thread. */
const WALL_NOTHREAD = 0x6000_0000;
