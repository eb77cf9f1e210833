import { signalName } from "./signal_name.ts";

/**
 * A siginfo_t (sigaction(2); include/uapi/asm-generic/siginfo.h) as strace writes it:
 * `{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12, si_uid=0, si_status=0, si_utime=0, si_stime=0}`.
 *
 * @param info 128 bytes
 */
export function signalText(info: Uint8Array): string {
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  const int = (at: number): number => view.getInt32(at, true);
  const signal = int(SIGNO);
  const code = int(CODE);
  const errno = int(ERRNO_AT);
  const parts = [`si_signo=${signalName(signal)}`];
  if (errno !== 0) parts.push(`si_errno=${errno}`);
  parts.push(`si_code=${codeName(signal, code)}`);
  const sender = (): void => void parts.push(`si_pid=${int(UNION)}`, `si_uid=${view.getUint32(UNION + 4, true)}`);
  const value = (at: number): void =>
    void parts.push(`si_int=${int(at)}`, `si_ptr=${pointer(view.getBigUint64(at, true))}`);
  if (FAULTS.has(signal) && code > 0) parts.push(`si_addr=${pointer(view.getBigUint64(UNION, true))}`);
  else if (code > 0 && code !== SI_KERNEL) {
    if (signal === SIGCHLD) {
      sender();
      const status = int(UNION + 8);
      parts.push(
        `si_status=${code === CLD_EXITED ? status : signalName(status)}`,
        `si_utime=${view.getBigInt64(UNION + 16, true)}`,
        `si_stime=${view.getBigInt64(UNION + 24, true)}`,
      );
    } else if (signal === SIGIO) parts.push(`si_band=${view.getBigInt64(UNION, true)}`, `si_fd=${int(UNION + 8)}`);
    else if (signal === SIGSYS) {
      parts.push(
        `si_call_addr=${pointer(view.getBigUint64(UNION, true))}`,
        `si_syscall=${int(UNION + 8)}`,
        `si_arch=0x${view.getUint32(UNION + 12, true).toString(16)}`,
      );
    } else sender();
  } else if (code === SI_TIMER) {
    parts.push(`si_timerid=0x${view.getUint32(UNION, true).toString(16)}`, `si_overrun=${int(UNION + 4)}`);
    value(UNION + 8);
  } else if (code === SI_USER || code === SI_TKILL) sender();
  else if (code !== SI_KERNEL) {
    sender();
    value(UNION + 8);
  }
  return `{${parts.join(", ")}}`;
}

function pointer(value: bigint): string {
  return value === 0n ? "NULL" : `0x${value.toString(16)}`;
}

function codeName(signal: number, code: number): string {
  const general = GENERAL.get(code);
  if (general) return general;
  return CODES.get(signal)?.[code - 1] ?? String(code);
}

const SIGNO = 0;
const ERRNO_AT = 4;
const CODE = 8;
const UNION = 16;
const SIGCHLD = 17;
const SIGIO = 29;
const SIGSYS = 31;
const CLD_EXITED = 1;
const SI_USER = 0;
const SI_TIMER = -2;
const SI_TKILL = -6;
const SI_KERNEL = 0x80;
/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV: with the address of what failed. */
const FAULTS = new Set([4, 5, 7, 8, 11]);
const GENERAL = new Map([
  [SI_USER, "SI_USER"],
  [SI_KERNEL, "SI_KERNEL"],
  [-1, "SI_QUEUE"],
  [SI_TIMER, "SI_TIMER"],
  [-3, "SI_MESGQ"],
  [-4, "SI_ASYNCIO"],
  [-5, "SI_SIGIO"],
  [SI_TKILL, "SI_TKILL"],
  [-7, "SI_DETHREAD"],
  [-60, "SI_ASYNCNL"],
]);
/** Codes of a signal's own, from 1 on. */
const CODES = new Map<number, readonly string[]>([
  [4, "ILL_ILLOPC ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK".split(" ")],
  [5, "TRAP_BRKPT TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT TRAP_UNK TRAP_PERF".split(" ")],
  [7, "BUS_ADRALN BUS_ADRERR BUS_OBJERR BUS_MCEERR_AR BUS_MCEERR_AO".split(" ")],
  [8, "FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB".split(" ")],
  [11, "SEGV_MAPERR SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR".split(" ")],
  [SIGCHLD, "CLD_EXITED CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED CLD_CONTINUED".split(" ")],
  [SIGIO, "POLL_IN POLL_OUT POLL_MSG POLL_ERR POLL_PRI POLL_HUP".split(" ")],
  [SIGSYS, "SYS_SECCOMP SYS_USER_DISPATCH".split(" ")],
]);
