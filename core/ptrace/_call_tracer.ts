import { GoneError } from "../data/mod.ts";
import { type Host, syscallNumber } from "../host/mod.ts";
import {
  clockNs,
  ERRNO,
  PTRACE,
  ptrace,
  ptraceMessage,
  ptraceRegisters,
  readSignalInfo,
  RESUME,
  resumeTracee,
  SysError,
  waitedStatus,
  waitedSystemNs,
} from "../sys/mod.ts";
import type { BatchWriter } from "./_batch_writer.ts";
import { CALL_STOP, callReader } from "./_call_reader.ts";
import type { CallSink } from "./_call_sink.ts";
import { CONTROL } from "./_control.ts";
import { stopWaiter } from "./_next_stop.ts";
import { passSignals } from "./_pass_signals.ts";
import { refusal } from "./_refusal.ts";
import { REGISTERS } from "./_registers.ts";
import { restartInterrupted } from "./_restart.ts";
import { newTracee, type Tracee } from "./_tracee.ts";

/** What a tracer of system calls does. */
export interface CallTracerOptions {
  /** Children, threads and what they create are traced as well. */
  readonly follow: boolean;
  /** Calls that are handed on; null: all. */
  readonly calls: ReadonlySet<number> | null;
  readonly signals: ReadonlySet<number> | null;
  /** The sink wants to know when calls begin. */
  readonly withTimes: boolean;
  /** The sink wants the system CPU time of each call. */
  readonly withSystemTime: boolean;
  /** Whether the kernel is not to be asked about calls: registers are read. */
  readonly useRegisters?: boolean;
}

/** Stops of the traced threads, by what they were for. */
export interface StopCounts {
  calls: number;
  seccomp: number;
  signals: number;
  events: number;
}

/** Threads whose system calls are traced by the calling thread, which alone may use this. */
export interface CallTracer {
  /** Takes hold of a child that waits ({@linkcode HeldChild}); it is to be let go when it has stopped: `onHeld`. */
  adopt(pid: number, filtered: boolean, onHeld: () => void): void;
  /** Takes hold of a process that runs: its first thread, or with `follow` all. @throws {GoneError | UnsupportedError} */
  attach(pid: number): void;
  /**
   * Handles what happens until all traced threads have ended, or it is told to stop.
   *
   * @param out flushed when `control` says so
   * @param control as {@linkcode CallTraceOrders} has it
   */
  run(out: BatchWriter | null, control: Int32Array): void;
  /** Status of the adopted child when it has ended, as wait(2) describes it; -1 before. */
  readonly status: number;
  /** Ids of the threads that are traced now. */
  threads(): number[];
  readonly threadCount: number;
  /** A program was executed by the adopted child. */
  readonly executed: boolean;
  readonly stops: Readonly<StopCounts>;
  /** Processes that made calls of another architecture, which were left out. */
  readonly foreign: ReadonlySet<number>;
}

export function callTracer(host: Host, sink: CallSink, options: CallTracerOptions): CallTracer {
  const { follow, calls, signals, withTimes, withSystemTime } = options;
  const tracees = new Map<number, Tracee>();
  const read = callReader(options.useRegisters);
  const nextStop = stopWaiter(withSystemTime);
  const siginfo = new Uint8Array(new ArrayBuffer(128));
  const registers = new BigUint64Array(new ArrayBuffer(REGISTERS.words * 8));
  const stops: StopCounts = { calls: 0, seccomp: 0, signals: 0, events: 0 };
  /** Threads of a filtered command only stop at calls that are asked for. */
  let filtered = false;
  const foreignPids = new Set<number>();
  /** Threads that have ended before their creator's stop told of them. */
  const endedEarly = new Set<number>();
  let adopted = 0;
  let onHeld: (() => void) | null = null;
  let executed = false;
  let status = -1;

  const ptraceOptions = PTRACE.O_TRACESYSGOOD | PTRACE.O_TRACEEXEC |
    (follow ? PTRACE.O_TRACEFORK | PTRACE.O_TRACEVFORK | PTRACE.O_TRACECLONE : 0);

  /** How a thread goes on: to its next call, or where a filter stops it. */
  const resume = (t: Tracee, signal: number): void => {
    const how = filtered && !t.inCall && !t.starting ? RESUME.CONT : RESUME.SYSCALL;
    resumeTracee(how, t.tid, signal);
  };
  const add = (pid: number, tid: number): Tracee => {
    const t = newTracee(pid, tid);
    tracees.set(tid, t);
    endedEarly.delete(tid);
    return t;
  };
  const tgidOf = (tid: number): number => host.processStatus(tid)?.tgid ?? tid;

  const entered = (t: Tracee): void => {
    t.inCall = true;
    if (t.starting) {
      if (t.nr !== EXECVE) return;
      t.starting = false;
    }
    t.shown = calls === null || calls.has(t.nr);
    if (!t.shown) return;
    if (withTimes) t.startedNs = clockNs();
    sink.entry(t);
  };
  const left = (t: Tracee, systemNs: number): void => {
    t.inCall = false;
    if (t.shown) sink.exit(t, systemNs);
    t.shown = false;
  };
  const callStop = (t: Tracee): void => {
    stops.calls++;
    // What its process has spent since it last stopped; of a process with threads, those' as well.
    let systemNs = 0;
    if (withSystemTime) {
      const now = waitedSystemNs();
      systemNs = now - t.systemNs;
      t.systemNs = now;
    }
    switch (read(t)) {
      case CALL_STOP.ENTRY:
        if (t.inCall) left(t, systemNs);
        entered(t);
        break;
      case CALL_STOP.EXIT:
        if (t.inCall) left(t, systemNs);
        break;
      case CALL_STOP.FOREIGN:
        foreign(t);
        break;
    }
    resume(t, 0);
  };
  const foreign = (t: Tracee): void => {
    // A call of ours may have become one of theirs: execve of a 32-bit program.
    if (t.inCall && t.shown && t.nr !== -1) {
      t.ret.fill(0);
      t.error = 0;
      left(t, 0);
    }
    t.inCall = !t.inCall;
    t.shown = false;
    t.nr = -1;
    if (t.foreign) return;
    t.foreign = true;
    if (foreignPids.has(t.pid)) return;
    foreignPids.add(t.pid);
    sink.note(`Process ${t.pid} makes system calls of another architecture (i386 or x32), which are not shown`);
  };
  const seccompStop = (t: Tracee): void => {
    stops.seccomp++;
    if (!t.inCall) {
      if (withSystemTime) t.systemNs = waitedSystemNs();
      switch (read(t)) {
        case CALL_STOP.ENTRY:
          entered(t);
          break;
        case CALL_STOP.FOREIGN:
          foreign(t);
          t.inCall = false;
          break;
      }
    }
    resume(t, 0);
  };
  const created = (parent: Tracee, event: number): void => {
    const tid = ptraceMessage(parent.tid);
    if (tid <= 0 || endedEarly.delete(tid)) return;
    const t = tracees.get(tid) ?? add(0, tid);
    if (t.pid === 0) t.pid = event === PTRACE.EVENT_CLONE ? tgidOf(tid) : tid;
    t.foreign = parent.foreign;
    t.own = parent.own;
    t.early = false;
  };
  /** The thread that executes a program becomes its process's only one, under the number of the first. */
  const exec = (t: Tracee): Tracee => {
    const before = ptraceMessage(t.tid);
    if (t.tid === adopted) executed = true;
    if (before <= 0 || before === t.tid) return t;
    const old = tracees.get(before);
    sink.superseded(t, before);
    tracees.delete(before);
    tracees.delete(t.tid);
    const next = add(t.pid, t.tid);
    next.fresh = false;
    next.own = t.own;
    if (old) {
      next.inCall = old.inCall;
      next.shown = old.shown;
      next.nr = old.nr;
      next.args.set(old.args);
      next.startedNs = old.startedNs;
      next.systemNs = old.systemNs;
      next.unfinished = old.unfinished;
      next.column = old.column;
    }
    return next;
  };
  const firstStop = (t: Tracee): void => {
    t.fresh = false;
    if (withSystemTime) t.systemNs = waitedSystemNs();
    if (t.interrupted) {
      t.interrupted = false;
      if (ptraceRegisters(PTRACE.GETREGSET, t.tid, registers) === 0) restartInterrupted(t.tid, registers);
    }
    if (t.starting && onHeld) {
      resume(t, 0);
      onHeld();
      onHeld = null;
      return;
    }
    resume(t, 0);
  };
  const stopped = (tid: number, how: number): void => {
    let t = tracees.get(tid);
    if (!t) {
      t = add(tgidOf(tid), tid);
      t.early = true;
    }
    const signal = how >> 8 & 0xff;
    if (signal === CALL_SIGNAL) return callStop(t);
    const event = how >> 16;
    if (event === 0) {
      stops.signals++;
      if (readSignalInfo(tid, siginfo) === 0 && (signals === null || signals.has(signal))) {
        sink.signal(t, signal, siginfo);
      }
      return resume(t, signal);
    }
    stops.events++;
    switch (event) {
      case PTRACE.EVENT_STOP:
        if (t.pid === 0) t.pid = tgidOf(tid);
        if (signal !== SIGTRAP) {
          t.fresh = t.interrupted = false;
          sink.stopped(t, signal);
          resumeTracee(RESUME.LISTEN, tid, 0);
          return;
        }
        return t.fresh ? firstStop(t) : resume(t, 0);
      case PTRACE.EVENT_FORK:
      case PTRACE.EVENT_VFORK:
      case PTRACE.EVENT_CLONE:
        created(t, event);
        return resume(t, 0);
      case PTRACE.EVENT_EXEC:
        return resume(exec(t), 0);
      case PTRACE.EVENT_SECCOMP:
        return seccompStop(t);
      default:
        return resume(t, 0);
    }
  };
  const ended = (tid: number, how: number): void => {
    if (tid === adopted) status = how;
    const t = tracees.get(tid);
    if (!t || t.early) endedEarly.add(tid);
    if (!t) return;
    // Before it is taken out: with others there still, its last line tells whose it is.
    sink.ended(t, how >> 8 & 0xff, how & 0x7f, (how & 0x80) !== 0);
    tracees.delete(tid);
  };
  /** @returns whether it is traced now; not when it was already, or has ended */
  const seize = (pid: number, tid: number): boolean => {
    const result = ptrace(PTRACE.SEIZE, tid, 0, ptraceOptions);
    if (result === -ERRNO.ESRCH) return false;
    // It was created by a thread that is traced already: its creator's stop will tell.
    if (result === -ERRNO.EPERM && [...tracees.values()].some((t) => t.pid === pid)) return false;
    if (result < 0) throw refusal(host, pid, result);
    const t = add(pid, tid);
    t.interrupted = true;
    ptrace(PTRACE.INTERRUPT, tid);
    return true;
  };

  const ownPids = (): number[] => [...tracees.values()].filter((t) => t.own).map((t) => t.pid || t.tid);

  return {
    adopt: (pid, hasFilter, held) => {
      const flags = ptraceOptions | PTRACE.O_EXITKILL | (hasFilter ? PTRACE.O_TRACESECCOMP : 0);
      const result = ptrace(PTRACE.SEIZE, pid, 0, flags);
      if (result < 0) throw refusal(host, pid, result);
      adopted = pid;
      filtered = hasFilter;
      onHeld = held;
      const t = add(pid, pid);
      t.starting = t.own = true;
      ptrace(PTRACE.INTERRUPT, pid);
    },
    attach: (pid) => {
      if (!follow) {
        // As strace: a number may name any thread.
        if (!seize(tgidOf(pid), pid)) throw new GoneError(`There is no process ${pid}`);
        return;
      }
      let fresh = true;
      let any = false;
      for (let round = 0; fresh && round < MAX_ROUNDS; round++) {
        fresh = false;
        for (const tid of host.threads(pid)) {
          if (!tracees.has(tid) && seize(pid, tid)) fresh = any = true;
        }
      }
      if (!any) throw new GoneError(`There is no process ${pid}`);
    },
    run: (out, control) => {
      let told = false;
      for (;;) {
        // The other thread is told once that text waits.
        if (out !== null && out.pending !== told) {
          told = out.pending;
          Atomics.store(control, 1, told ? 1 : 0);
        }
        const word = Atomics.load(control, 0);
        if (word !== 0) {
          if ((word & CONTROL.STOP) !== 0) return;
          Atomics.and(control, 0, ~(CONTROL.FLUSH | CONTROL.SIGNAL));
          out?.flush();
          // With nobody left to be told, whoever signals means us.
          if ((word & CONTROL.SIGNAL) !== 0 && !passSignals(control, status < 0 ? adopted : 0, ownPids)) return;
        }
        const tid = nextStop();
        if (tid > 0) {
          const how = waitedStatus();
          if ((how & 0xff) === STOPPED) stopped(tid, how);
          else ended(tid, how);
        } else if (tid === -ERRNO.ECHILD) return;
        else if (tid !== -ERRNO.EINTR) throw new SysError("wait4", tid);
      }
    },
    get status() {
      return status;
    },
    threads: () => [...tracees.keys()],
    get threadCount() {
      return tracees.size;
    },
    get executed() {
      return executed;
    },
    stops,
    foreign: foreignPids,
  };
}

const EXECVE = syscallNumber("execve")!;
const SIGTRAP = 5;
/** What PTRACE_O_TRACESYSGOOD makes of SIGTRAP at system calls. */
const CALL_SIGNAL = SIGTRAP | 0x80;
/** The low byte of the status of a thread that has stopped. */
const STOPPED = 0x7f;
/** A process that creates threads faster than we look is left to be followed. */
const MAX_ROUNDS = 100;
