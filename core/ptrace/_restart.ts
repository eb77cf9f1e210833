import { syscallNumber } from "../host/mod.ts";
import { bytesAddress, keeping, PTRACE, ptraceBytes, ptraceRegisters } from "../sys/mod.ts";
import { REGISTERS } from "./_registers.ts";

/**
 * Calls that go on as if nothing had happened when a thread that waits in them is stopped and continued: the kernel
 * starts them again (ERESTARTSYS, ERESTARTNOHAND), with the time that is left (ERESTART_RESTARTBLOCK). Others answer
 * EINTR (signal(7), "Interruption of system calls and library functions by stop signals": epoll_wait, semop, sigtimedwait;
 * and socket calls with a timeout), so that whoever only wants to see where a thread waits does not interrupt these. A
 * tracer of calls must: a thread that was not stopped once does not stop at its calls.
 */
const TRANSPARENT: ReadonlySet<number> = new Set(
  [
    "clock_nanosleep",
    "futex",
    "nanosleep",
    "pause",
    "poll",
    "ppoll",
    "pselect6",
    "restart_syscall",
    "rt_sigsuspend",
    "select",
    "wait4",
    "waitid",
  ].map((name) => syscallNumber(name)).filter((nr) => nr !== null),
);

/** Whether a thread that waits in this call may be interrupted. */
export function isTransparent(nr: number): boolean {
  return TRANSPARENT.has(nr);
}

/** Number of the call that the kernel has a thread make to go on with an interrupted one. */
export const RESTART_SYSCALL: number = syscallNumber("restart_syscall") ?? -1;

const EINTR = -4n;
/** `struct ptrace_peeksiginfo_args`: offset, flags, number; and room for one siginfo_t. */
const peek = new Uint8Array(new ArrayBuffer(16));
const siginfo = new Uint8Array(new ArrayBuffer(128));

/**
 * A call that our interruption has ended is about to answer EINTR. Unless a signal is there to be delivered, it is made
 * again, with its whole timeout: right when it had only just begun (a thread that ran when we looked); of one that had
 * waited long nobody can tell how long.
 *
 * @param registers of the stopped thread; changed
 * @returns whether the call is made again
 */
export function restartInterrupted(tid: number, registers: BigUint64Array): boolean {
  const { call, pc } = REGISTERS;
  if (!call || BigInt.asIntN(64, registers[call.result]) !== EINTR) return false;
  const nr = BigInt.asIntN(64, registers[call.number]);
  if (nr < 0n || hasSignal(tid)) return false;
  registers[call.result] = nr;
  registers[call.number] = ~0n;
  registers[pc] -= BigInt(call.instructionBytes);
  return ptraceRegisters(PTRACE.SETREGSET, tid, registers) === 0;
}

function hasSignal(tid: number): boolean {
  const SHARED = 1;
  const view = new DataView(peek.buffer);
  view.setInt32(12, 1, true);
  for (const flags of [0, SHARED]) {
    view.setUint32(8, flags, true);
    if (ptraceWithArguments(tid) > 0) return true;
  }
  return false;
}

/** PEEKSIGINFO takes an address of arguments as well as one of the answer. */
function ptraceWithArguments(tid: number): number {
  return keeping([peek, siginfo], () => ptraceBytes(PTRACE.PEEKSIGINFO, tid, bytesAddress(peek), siginfo));
}
