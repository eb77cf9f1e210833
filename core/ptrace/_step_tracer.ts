import { type Host, syscallName } from "../host/mod.ts";
import {
  ERRNO,
  memoryReader,
  PTRACE,
  ptrace,
  ptraceMessage,
  ptraceRegisters,
  readSignalInfo,
  RESUME,
  resumeTracee,
  SysError,
  waitedStatus,
} from "../sys/mod.ts";
import { CONTROL } from "./_control.ts";
import { stopWaiter } from "./_next_stop.ts";
import { passSignals } from "./_pass_signals.ts";
import { refusal } from "./_refusal.ts";
import { REGISTERS } from "./_registers.ts";
import { isRepeated } from "./_rep_prefix.ts";

/** Instructions of one process, all its threads together. */
export interface ProcessInstructions {
  readonly pid: number;
  /** Its name when it ended. */
  readonly name: string;
  readonly instructions: number;
  readonly calls: number;
}

/** Instructions between two system calls of a thread, by the call that ended them and that is counted with them. */
export interface StretchInstructions {
  /** Its name; null: the thread ended without one. */
  readonly call: string | null;
  readonly stretches: number;
  readonly instructions: number;
  readonly shortest: number;
  readonly longest: number;
}

interface Stepped {
  readonly tid: number;
  readonly process: Process;
  /** Since its last call. */
  stretch: number;
  /** The address of what it executes next: low and high half. */
  low: number;
  high: number;
  /** Its last stop was behind a call. */
  afterCall: boolean;
  /** Its next stop is the end of the execve that made it the command. */
  arriving: boolean;
}

interface Process {
  readonly pid: number;
  name: string;
  instructions: number;
  calls: number;
}

/** Counts the instructions of a command that we started: stops it after each. */
export interface StepTracer {
  adopt(pid: number, onHeld: () => void): void;
  run(control: Int32Array): void;
  readonly status: number;
  readonly executed: boolean;
  processes(): ProcessInstructions[];
  stretches(): StretchInstructions[];
}

/**
 * A tracer whose command can only be one that we started: if we were killed, the kernel would let what we had attached to
 * go on in single steps, and the next would kill it.
 */
export function stepTracer(host: Host, follow: boolean): StepTracer {
  const threads = new Map<number, Stepped>();
  const processes = new Map<number, Process>();
  const stretches = new Map<number, { stretches: number; instructions: number; shortest: number; longest: number }>();
  const registers = new BigUint64Array(new ArrayBuffer(REGISTERS.words * 8));
  const halves = new Uint32Array(registers.buffer);
  const siginfo = new Uint8Array(new ArrayBuffer(128));
  const siginfoWords = new Int32Array(siginfo.buffer);
  const memory = memoryReader(16);
  const nextStop = stopWaiter(false);
  const { calls, pc } = REGISTERS;
  let adopted = 0;
  let onHeld: (() => void) | null = null;
  let executed = false;
  let status = -1;

  const processOf = (pid: number): Process => {
    let process = processes.get(pid);
    if (!process) processes.set(pid, process = { pid, name: "", instructions: 0, calls: 0 });
    return process;
  };
  const add = (tid: number): Stepped => {
    const process = processOf(host.processStatus(tid)?.tgid ?? tid);
    const t = { tid, process, stretch: 0, low: 0, high: 0, afterCall: false, arriving: false };
    threads.set(tid, t);
    return t;
  };
  const step = (tid: number, signal = 0): void => {
    resumeTracee(executed ? RESUME.SINGLESTEP : RESUME.CONT, tid, signal);
  };
  const readRegisters = (tid: number): boolean => ptraceRegisters(PTRACE.GETREGSET, tid, registers) === 0;
  const remember = (t: Stepped): void => {
    t.low = halves[2 * pc];
    t.high = halves[2 * pc + 1];
  };
  const count = (t: Stepped): void => {
    t.stretch++;
    t.process.instructions++;
  };
  const endStretch = (t: Stepped, nr: number | null): void => {
    const key = nr ?? NO_CALL;
    const n = t.stretch;
    const s = stretches.get(key);
    if (!s) stretches.set(key, { stretches: 1, instructions: n, shortest: n, longest: n });
    else {
      s.stretches++;
      s.instructions += n;
      s.shortest = Math.min(s.shortest, n);
      s.longest = Math.max(s.longest, n);
    }
    t.stretch = 0;
  };
  /** The call that the thread is in or behind, by its registers; -1 for none. */
  const callNumber = (): number => halves[2 * calls.number] | 0;
  const stepped = (t: Stepped): void => {
    if (!readRegisters(t.tid)) return;
    const nr = Deno.build.arch === "aarch64" ? -1 : callNumber();
    if (t.arriving) {
      t.arriving = false;
      remember(t);
      return;
    }
    const stayed = t.low === halves[2 * pc] && t.high === halves[2 * pc + 1];
    // In the midst of an instruction that repeats itself; it is counted at its end.
    const midst = stayed && isRepeated(memory.read(t.process.pid, t.high * 0x1_0000_0000 + t.low, 16));
    if (!midst) count(t);
    t.afterCall = nr >= 0;
    if (t.afterCall) {
      t.process.calls++;
      endStretch(t, nr);
    }
    remember(t);
  };
  const stopped = (tid: number, how: number): void => {
    const t = threads.get(tid) ?? add(tid);
    const signal = how >> 8 & 0xff;
    switch (how >> 16) {
      case 0: {
        if (signal !== SIGTRAP || readSignalInfo(tid, siginfo) < 0) return step(tid, signal);
        const code = siginfoWords[2];
        if (code === TRAP_BRKPT || code === TRAP_TRACE) {
          stepped(t);
          return step(tid);
        }
        if (code === SIGTRAP) {
          // At the first instruction of a signal's handler, which has not been executed yet.
          if (readRegisters(tid)) remember(t);
          return step(tid);
        }
        // A breakpoint of the program's own.
        if (code === SI_KERNEL) stepped(t);
        return step(tid, signal);
      }
      case PTRACE.EVENT_STOP:
        if (signal !== SIGTRAP) return void resumeTracee(RESUME.LISTEN, tid, 0);
        if (onHeld) {
          step(tid);
          onHeld();
          onHeld = null;
          return;
        }
        if (readRegisters(tid)) remember(t);
        return step(tid);
      case PTRACE.EVENT_EXEC: {
        const before = ptraceMessage(tid);
        const old = threads.get(before);
        if (before !== tid && old) {
          threads.delete(before);
          threads.set(tid, { ...old, tid });
        }
        if (!executed && tid === adopted) {
          executed = true;
          t.arriving = true;
        }
        return step(tid);
      }
      case EVENT_EXIT:
        // A call that it does not come back from.
        if (executed && readRegisters(tid)) {
          const nr = callNumber();
          const counted = t.afterCall && t.low === halves[2 * pc] && t.high === halves[2 * pc + 1];
          if (nr >= 0 && !counted && Deno.build.arch !== "aarch64") {
            count(t);
            t.process.calls++;
            endStretch(t, nr);
          } else if (t.stretch > 0) endStretch(t, null);
        }
        t.process.name = host.processStat(t.process.pid)?.comm ?? t.process.name;
        return step(tid);
      default:
        return step(tid);
    }
  };
  return {
    adopt: (pid, held) => {
      const result = ptrace(PTRACE.SEIZE, pid, 0, OPTIONS | (follow ? FOLLOW : 0));
      if (result < 0) throw refusal(host, pid, result);
      adopted = pid;
      onHeld = held;
      add(pid);
      ptrace(PTRACE.INTERRUPT, pid);
    },
    run: (control) => {
      for (;;) {
        const word = Atomics.load(control, 0);
        if ((word & CONTROL.STOP) !== 0) return;
        if ((word & CONTROL.SIGNAL) !== 0) {
          Atomics.and(control, 0, ~CONTROL.SIGNAL);
          passSignals(control, status < 0 ? adopted : 0, () => [...threads.values()].map((t) => t.process.pid));
        }
        const tid = nextStop();
        if (tid > 0) {
          const how = waitedStatus();
          if ((how & 0xff) === STOPPED) stopped(tid, how);
          else {
            if (tid === adopted) status = how;
            threads.delete(tid);
          }
        } else if (tid === -ERRNO.ECHILD) return;
        else if (tid !== -ERRNO.EINTR) throw new SysError("wait4", tid);
      }
    },
    get status() {
      return status;
    },
    get executed() {
      return executed;
    },
    processes: () => [...processes.values()].filter((p) => p.instructions > 0),
    stretches: () =>
      [...stretches]
        .map(([nr, s]) => ({ call: nr === NO_CALL ? null : syscallName(nr), ...s }))
        .sort((a, b) => b.instructions - a.instructions),
  };
}

const NO_CALL = -1;
const SIGTRAP = 5;
/** Codes of SIGTRAP (asm-generic/siginfo.h): behind a system call, and behind any other instruction. */
const TRAP_BRKPT = 1;
const TRAP_TRACE = 2;
const SI_KERNEL = 0x80;
const EVENT_EXIT = 6;
const O_TRACEEXIT = 0x40;
const OPTIONS = PTRACE.O_TRACEEXEC | PTRACE.O_EXITKILL | O_TRACEEXIT;
const FOLLOW = PTRACE.O_TRACEFORK | PTRACE.O_TRACEVFORK | PTRACE.O_TRACECLONE;
const STOPPED = 0x7f;
