import { bytesAddress } from "./address.ts";
import { NR } from "./arch/mod.ts";
import { ERRNO } from "./errno.ts";
import { SysError } from "./sys_error.ts";
import { keeping, syscall } from "./syscall.ts";

/** Requests of `ptrace(2)` (include/uapi/linux/ptrace.h), those that are alike on all our processors. */
export const PTRACE = {
  CONT: 7,
  DETACH: 17,
  GETEVENTMSG: 0x4201,
  GETREGSET: 0x4204,
  SETREGSET: 0x4205,
  SEIZE: 0x4206,
  INTERRUPT: 0x4207,
  LISTEN: 0x4208,
  PEEKSIGINFO: 0x4209,
  /** Options of SEIZE. */
  O_TRACESYSGOOD: 1,
  O_TRACEFORK: 2,
  O_TRACEVFORK: 4,
  O_TRACECLONE: 8,
  O_TRACEEXEC: 16,
  O_TRACESECCOMP: 0x80,
  /** The kernel kills it when we end. */
  O_EXITKILL: 0x10_0000,
  /** Events, in bits 8 and up of a stop's status. */
  EVENT_FORK: 1,
  EVENT_VFORK: 2,
  EVENT_CLONE: 3,
  EVENT_EXEC: 4,
  EVENT_SECCOMP: 7,
  EVENT_STOP: 128,
} as const;

/**
 * `ptrace(2)` with numbers. All requests about a thread must come from the thread of ours that seized it.
 *
 * @returns a value, or -errno: ESRCH also when the thread is not stopped
 */
export function ptrace(request: number, tid: number, address: number | bigint = 0, data: number | bigint = 0): number {
  return syscall(NR.ptrace, request, tid, address, data);
}

/** `ptrace(2)` whose last argument is a buffer. @returns a value, or -errno */
export function ptraceBytes(
  request: number,
  tid: number,
  address: number | bigint,
  data: Uint8Array | BigUint64Array,
): number {
  return keeping([data], () => syscall(NR.ptrace, request, tid, address, bytesAddress(data)));
}

const message = new BigUint64Array(new ArrayBuffer(8));

/** What an event tells: the new thread's id, or of an exec the id that the thread had before. @returns it, or -errno */
export function ptraceMessage(tid: number): number {
  const result = ptraceBytes(PTRACE.GETEVENTMSG, tid, 0, message);
  return result < 0 ? result : Number(message[0]);
}

/**
 * Reads or writes the general registers of a stopped thread (NT_PRSTATUS: `struct user_regs_struct`).
 *
 * @param request {@linkcode PTRACE}.GETREGSET or SETREGSET
 * @param registers words, as many as there are: 27 on x86-64, 34 on aarch64
 * @returns 0, or -errno
 */
export function ptraceRegisters(request: number, tid: number, registers: BigUint64Array): number {
  const NT_PRSTATUS = 1;
  iovec[0] = bytesAddress(registers);
  iovec[1] = BigInt(registers.byteLength);
  return keeping([registers], () => ptraceBytes(request, tid, NT_PRSTATUS, iovec));
}

/** `struct iovec`: base, length. */
const iovec = new BigUint64Array(new ArrayBuffer(16));
const remote = new BigUint64Array(new ArrayBuffer(16));

/**
 * Reads memory of a process (`process_vm_readv(2)`), up to the first page that is not mapped.
 *
 * @param address in that process
 * @param length bytes
 * @returns bytes read, or -errno
 */
export function readProcessMemory(pid: number, address: bigint, into: Uint8Array, length: number): number {
  iovec[0] = bytesAddress(into);
  iovec[1] = BigInt(Math.min(length, into.byteLength));
  remote[0] = address;
  remote[1] = iovec[1];
  return keeping(
    [into, iovec, remote],
    () => syscall(NR.process_vm_readv, pid, bytesAddress(iovec), 1, bytesAddress(remote), 1),
  );
}

/** Options of `waitid(2)` (include/uapi/linux/wait.h). */
export const WAIT = {
  NOHANG: 1,
  STOPPED: 2,
  EXITED: 4,
  NOWAIT: 0x0100_0000,
  /** Only children and traced threads of the calling thread, not of its process. */
  NOTHREAD: 0x2000_0000,
  /** Threads too. */
  ALL: 0x4000_0000,
} as const;

/** What became of a child or of a traced thread. Used again by the next call. */
export interface ChildState {
  /** 0 when there was nothing to tell. */
  tid: number;
  /** It has ended, else it has stopped. */
  ended: boolean;
  /** Of a stop: the signal in bits 0 to 7, the event above. */
  status: number;
}

const info = new Int32Array(new ArrayBuffer(128));
const state: ChildState = { tid: 0, ended: false, status: 0 };

/**
 * `waitid(2)`.
 *
 * @param tid 0 is any
 * @param options bits of {@linkcode WAIT}
 * @returns null when there is nobody to wait for
 * @throws {SysError}
 */
export function waitChild(tid: number, options: number): ChildState | null {
  const P_ALL = 0, P_PID = 1;
  const CLD_DUMPED = 3;
  info[0] = 0;
  const result = keeping(
    [info],
    () => syscall(NR.waitid, tid === 0 ? P_ALL : P_PID, tid, bytesAddress(info), options, 0),
  );
  if (result === -ERRNO.ECHILD) return null;
  if (result < 0 && result !== -ERRNO.EINTR) throw new SysError("waitid", result);
  // siginfo_t: signo, errno, code, padding; then pid, uid, status (SIGCHLD, sigaction(2)).
  state.tid = result < 0 || info[0] === 0 ? 0 : info[4];
  state.ended = info[2] <= CLD_DUMPED;
  state.status = info[6];
  return state;
}
