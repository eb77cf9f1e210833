import { GoneError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import {
  CLOCK,
  clockNs,
  ERRNO,
  poll,
  PTRACE,
  ptrace,
  ptraceMessage,
  ptraceRegisters,
  readFileInto,
  readProcessMemory,
  WAIT,
  waitChild,
} from "../sys/mod.ts";
import { type Blocked, parseBlocked } from "./_blocked.ts";
import { refusal } from "./_refusal.ts";
import { REGISTERS } from "./_registers.ts";
import { isTransparent, RESTART_SYSCALL, restartInterrupted } from "./_restart.ts";
import type { SampleWriter } from "./_sample_writer.ts";
import { RECORD_KIND, THREAD_STATE } from "./sample_record.ts";
import { newThread, type Thread } from "./_threads.ts";

/** Threads that are traced by the calling thread, which alone may use this. */
export interface Tracer {
  /** Threads there are now. 0: all have ended. */
  readonly threads: number;
  /** Calls that were made again because our interruption ended them. */
  readonly restarted: number;
  /** Time is accounted for from now on. @returns now, CLOCK_MONOTONIC in ns */
  begin(): number;
  /** Looks at every thread; asks those that run to stop. */
  tick(): void;
  /** Takes the next thing that happened to a thread, a stop that was asked for among them. @returns false when nothing has */
  take(): boolean;
  /** Writes what is left. Threads stay traced until the calling thread of ours ends. */
  finish(): void;
}

/**
 * Begins to trace a process with all its threads, and whatever they create: PTRACE_SEIZE, which stops nobody.
 *
 * @throws {GoneError} when the process does not exist
 * @throws {UnsupportedError} when it may not be traced
 */
export function openTracer(host: Host, pid: number, writer: SampleWriter): Tracer {
  const threads = new Map<number, Thread>();
  /** Stopped at their first instruction, before their creator's stop told of them. */
  const early = new Set<number>();
  const samplesOf = new Map<number, number>();
  const registers = new BigUint64Array(new ArrayBuffer(REGISTERS.words * 8));
  const text = new Uint8Array(new ArrayBuffer(512));
  const top = new Uint8Array(new ArrayBuffer(TOP_BYTES));
  /** A child of ours has ended. Whoever started it waits for it: we must not take the news away. */
  let ownZombie = false;
  let restarted = 0;

  const now = (): number => clockNs(CLOCK.MONOTONIC);
  const resume = (tid: number, signal = 0): void => void ptrace(PTRACE.CONT, tid, 0, signal);
  const taskPath = (t: Thread, file: string): string => `${host.path("pid_task", t.pid)}/${t.tid}/${file}`;

  const writeRepeats = (t: Thread): void => {
    if (t.repeats === 0) return;
    writer.repeat(
      {
        pid: t.pid,
        tid: t.tid,
        state: stateOf(t, t.place?.nr ?? -1),
        nr: t.place?.nr ?? -1,
        weightNs: t.repeatedNs,
        timeNs: t.accountedNs,
      },
      t.repeats,
    );
    t.repeats = t.repeatedNs = 0;
  };
  const account = (t: Thread): number => {
    const time = now();
    const ns = time - t.accountedNs;
    t.accountedNs = time;
    return ns;
  };
  const repeat = (t: Thread): void => {
    t.repeatedNs += account(t);
    // A reader wants to hear of it now and then, not each time.
    if (++t.repeats >= MAX_REPEATS) writeRepeats(t);
  };
  /** @param full registers, null when only `sp` and `pc` are known */
  const sample = (t: Thread, nr: number, full: BigUint64Array | null, sp: bigint, pc: bigint): void => {
    writeRepeats(t);
    // Names and mappings change: they are looked at again and again, ever more seldom.
    if (isPowerOfTwo(++t.samples)) writer.file(RECORD_KIND.COMM, t.pid, t.tid, taskPath(t, "comm"));
    const before = samplesOf.get(t.pid) ?? 0;
    samplesOf.set(t.pid, before + 1);
    if (isPowerOfTwo(before + 1)) {
      if (t.tid !== t.pid) writer.file(RECORD_KIND.COMM, t.pid, t.pid, host.path("pid_comm", t.pid));
      writer.file(RECORD_KIND.MAPS, t.pid, t.tid, host.path("pid_maps", t.pid));
    }
    const weightNs = account(t);
    writer.sample({ pid: t.pid, tid: t.tid, state: stateOf(t, nr), nr, weightNs, timeNs: t.accountedNs }, full, sp, pc);
    const copied = nr < 0 ? 0 : Math.max(0, readProcessMemory(t.pid, sp, top, TOP_BYTES));
    t.place = nr < 0 ? null : { nr, sp, pc, top: top.slice(0, copied) };
  };
  const isThere = (t: Thread, at: Blocked): boolean => {
    const { place } = t;
    if (!place || place.nr !== at.nr || place.sp !== at.sp || place.pc !== at.pc) return false;
    const n = readProcessMemory(t.pid, at.sp, top, TOP_BYTES);
    if (n !== place.top.length) return false;
    for (let i = 0; i < n; i++) if (top[i] !== place.top[i]) return false;
    return true;
  };
  const interrupt = (t: Thread, waitsIn: number): void => {
    if (ptrace(PTRACE.INTERRUPT, t.tid) < 0) return;
    t.pending = true;
    t.waitsIn = waitsIn;
  };
  const readPlace = (t: Thread): number => readFileInto(taskPath(t, "syscall"), text);
  const look = (t: Thread): void => {
    if (t.pending) {
      // It has not stopped yet; or it was a child of ours, has ended, and whoever started it has been told already.
      if (now() - t.accountedNs > STALE_NS && !exists(taskPath(t, "comm"))) gone(t.tid);
      return;
    }
    if (t.stopped) return repeat(t);
    let length = readPlace(t);
    if (length === -ERRNO.ENOENT || length === -ERRNO.ESRCH) return gone(t.tid);
    if (length <= 0) return;
    let at = parseBlocked(decoder.decode(text.subarray(0, length)));
    if (at?.nr === -1) {
      // Outside of a call it waits for a page; or it is being woken, as we have just let it go on, and runs by now.
      length = readPlace(t);
      if (length <= 0) return;
      at = parseBlocked(decoder.decode(text.subarray(0, length)));
    }
    if (!at) return interrupt(t, -1);
    if (at.nr === RESTART_SYSCALL && t.restarts >= 0) at.nr = t.restarts;
    if (isThere(t, at)) return repeat(t);
    if (isTransparent(at.nr)) {
      t.restarts = at.nr;
      return interrupt(t, at.nr);
    }
    sample(t, at.nr, null, at.sp, at.pc);
  };

  const add = (newPid: number, tid: number): Thread => {
    const t = newThread(newPid, tid, now());
    threads.set(tid, t);
    return t;
  };
  const gone = (tid: number): void => {
    const t = threads.get(tid);
    if (t) writeRepeats(t);
    threads.delete(tid);
    early.delete(tid);
  };
  const created = (creator: Thread, event: number): void => {
    const tid = ptraceMessage(creator.tid);
    if (tid <= 0) return;
    const isThread = event === PTRACE.EVENT_CLONE && exists(`${host.path("pid_task", creator.pid)}/${tid}`);
    if (!threads.has(tid)) add(isThread ? creator.pid : tid, tid);
    if (early.delete(tid)) resume(tid);
  };
  const executed = (t: Thread): void => {
    // The others are gone; the one that called exec has taken over the process's number.
    for (const other of [...threads.values()]) if (other.pid === t.pid && other !== t) gone(other.tid);
    t.place = null;
    t.samples = 0;
    samplesOf.delete(t.pid);
  };
  const stopped = (tid: number, status: number): void => {
    const signal = status & 0xff;
    const event = status >> 8;
    const t = threads.get(tid);
    if (!t) {
      if (event === PTRACE.EVENT_EXEC) executed(add(tid, tid));
      else if (event === PTRACE.EVENT_STOP) return void early.add(tid);
      return resume(tid, event === 0 ? signal : 0);
    }
    switch (event) {
      case 0:
        return resume(tid, signal); // to be delivered as if we were not there
      case PTRACE.EVENT_STOP: {
        const asked = t.pending;
        t.pending = false;
        if (signal !== SIGTRAP) {
          t.stopped = true;
          return void ptrace(PTRACE.LISTEN, tid);
        }
        t.stopped = false;
        if (asked && ptraceRegisters(PTRACE.GETREGSET, tid, registers) === 0) {
          const { sp, pc } = REGISTERS;
          if (t.waitsIn < 0 && restartInterrupted(tid, registers)) restarted++;
          sample(t, t.waitsIn, registers, registers[sp], registers[pc]);
        }
        return resume(tid);
      }
      case PTRACE.EVENT_FORK:
      case PTRACE.EVENT_VFORK:
      case PTRACE.EVENT_CLONE:
        created(t, event);
        return resume(tid);
      case PTRACE.EVENT_EXEC:
        executed(t);
        return resume(tid);
      default:
        return resume(tid);
    }
  };
  const take = (): boolean => {
    const kinds = WAIT.STOPPED | (ownZombie ? 0 : WAIT.EXITED);
    const found = waitChild(0, kinds | WAIT.NOWAIT | COMMON);
    if (found === null || found.tid === 0) return ownZombie && reapOthers();
    const { tid, ended, status } = found;
    if (!ended) {
      waitChild(tid, WAIT.STOPPED | COMMON);
      stopped(tid, status);
      return true;
    }
    const t = threads.get(tid);
    if (t?.pid === tid && isOurChild(host, tid)) ownZombie = true;
    else waitChild(tid, WAIT.EXITED | COMMON);
    gone(tid);
    return true;
  };
  const reapOthers = (): boolean => {
    for (const t of [...threads.values()]) {
      const leaveIt = t.tid === t.pid && isOurChild(host, t.pid);
      const ended = leaveIt
        ? host.threadState(t.pid, t.tid) === "Z" && host.threads(t.pid).length <= 1
        : Boolean(waitChild(t.tid, WAIT.EXITED | COMMON)?.tid) || !exists(taskPath(t, "comm"));
      if (!ended) continue;
      gone(t.tid);
      return true;
    }
    return false;
  };

  const seize = (tid: number): boolean => {
    const result = ptrace(PTRACE.SEIZE, tid, 0, OPTIONS);
    if (result === -ERRNO.ESRCH) return false;
    // It was created by a thread that is traced already: its creator's stop will tell.
    if (result === -ERRNO.EPERM && threads.size > 0) return false;
    if (result < 0) throw refusal(host, pid, result);
    add(pid, tid);
    return true;
  };
  /**
   * Takes what is on its way, so that no thread is left stopped for longer than others. Letting go is left to the kernel,
   * at the end of this thread of ours (kernel/ptrace.c, exit_ptrace): to detach ourselves we would have to stop every
   * thread, and those that wait in calls which answer EINTR then would notice.
   */
  const settle = (): void => {
    const until = now() + SETTLE_NS;
    while (now() < until && [...threads.values()].some((t) => t.pending)) if (!take()) poll([], SETTLE_LOOK_MS);
    while (take());
  };

  let fresh = true;
  for (let round = 0; fresh && round < 100; round++) {
    fresh = false;
    for (const tid of host.threads(pid)) if (!threads.has(tid) && seize(tid)) fresh = true;
    while (take());
  }
  if (threads.size === 0) throw new GoneError(`Process ${pid} does not exist`);
  return {
    get threads() {
      return threads.size;
    },
    get restarted() {
      return restarted;
    },
    begin: () => {
      const time = now();
      for (const t of threads.values()) t.accountedNs = time;
      return time;
    },
    tick: () => {
      for (const t of [...threads.values()]) look(t);
    },
    take,
    finish: () => {
      settle();
      for (const t of threads.values()) writeRepeats(t);
    },
  };
}

function stateOf(t: Thread, nr: number): number {
  return t.stopped ? THREAD_STATE.STOPPED : nr >= 0 ? THREAD_STATE.SYSCALL : THREAD_STATE.RUNNING;
}

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function isOurChild(host: Host, pid: number): boolean {
  return host.processStat(pid)?.ppid === Deno.pid;
}

const decoder = new TextDecoder();
const SIGTRAP = 5;
const COMMON = WAIT.NOHANG | WAIT.NOTHREAD | WAIT.ALL;
const OPTIONS = PTRACE.O_TRACECLONE | PTRACE.O_TRACEFORK | PTRACE.O_TRACEVFORK | PTRACE.O_TRACEEXEC;
/** What is compared to tell whether a thread still waits where it did: bytes from the stack pointer on. */
const TOP_BYTES = 1024;
const MAX_REPEATS = 64;
/** A thread that has not stopped for so long, in ns, may be gone. */
const STALE_NS = 2e8;
/** How long stops that were asked for are waited for at the end, and how often they are looked for. */
const SETTLE_NS = 1e8;
const SETTLE_LOOK_MS = 0.1;
