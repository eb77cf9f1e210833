import { GoneError, quality } from "../../data/mod.ts";
import type { Host } from "../../host/mod.ts";
import { ownCpuNs, pause } from "../../sys/mod.ts";
import { classifyWait } from "./classify_wait.ts";
import type { OffCpuSampler } from "./off_cpu_sampler.ts";
import type { ThreadTime, Wait } from "./wait.ts";

/** Time between two looks. Milliseconds. */
const INTERVAL_MS = 10;
/** More threads than this are looked at less often. */
const THREADS_A_LOOK = 500;
/** States of /proc/PID/stat (fs/proc/array.c, task_state_array) as bits of `task_struct.__state`. */
const STATES: Readonly<Record<string, number>> = { S: 1, D: 2, T: 4, t: 8, P: 0x40, I: 0x402, X: 0x10, Z: 0x20 };

/** Number of the kernel's thread that starts the others. */
const KTHREADD = 2;

/** What is known of a thread. */
interface Times {
  readonly time: ThreadTime;
  on: number;
  off: number;
  queued: number;
  /** Time that it has waited for a CPU since it began, as last looked up. */
  delay: number | null;
  /** Of that, what no look has been charged with. */
  owed: number;
}

/** What was seen of a thread in one place. */
interface Seen {
  readonly wait: Omit<Wait, "totalNs" | "count" | "maxNs" | "buckets">;
  ns: number;
}

/**
 * Looks at the states of threads in /proc again and again: the last resort, an estimate. There are no stacks, no wakers and
 * no single waits; what a thread waits in is told by the kernel's `wchan` and the system call.
 */
export function pollingOffCpuSampler(host: Host): OffCpuSampler {
  return async ({ pid, cgroup, durationNs, minBlockNs, signal, onReady }) => {
    if (pid > 0 && host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
    const path = cgroup && `/${cgroup.replace(/^\/+|\/+$/g, "")}`;
    const kernel = new Map<number, boolean>();
    // Children of kthreadd, which wait for work most of the time.
    const isKernel = (p: number): boolean => {
      let known = kernel.get(p);
      if (known === undefined) kernel.set(p, known = p === KTHREADD || host.processStat(p)?.ppid === KTHREADD);
      return known;
    };
    const isWanted = (p: number): boolean =>
      p !== Deno.pid && (pid === 0 ? !isKernel(p) : p === pid) &&
      (!path || path === "/" || host.processCgroups(p).some((c) => c === path || c.startsWith(`${path}/`)));
    const seen = new Map<string, Seen>();
    const times = new Map<number, Times>();
    const start = performance.now();
    const cpu = ownCpuNs();
    let before = start;
    let looks = 0;
    onReady?.();
    for (;;) {
      const left = start + durationNs / 1e6 - performance.now();
      if (left <= 0 || signal.aborted) break;
      const threads = host.pids().filter(isWanted).flatMap((p) => host.threads(p).map((tid) => [p, tid] as const));
      await pause(Math.min(left, INTERVAL_MS * Math.max(1, threads.length / THREADS_A_LOOK)), signal);
      const now = performance.now();
      const ns = (now - before) * 1e6;
      before = now;
      looks++;
      for (const [p, tid] of threads) look(host, p, tid, ns, seen, times);
    }
    const duration = (before - start) * 1e6;
    const cpuNs = ownCpuNs() - cpu;
    return {
      engine: "polling",
      minBlockNs,
      threads: [...times.values()].map(({ time, on, off, queued }) => ({
        ...time,
        onNs: Math.round(on),
        offNs: Math.round(off),
        queuedNs: Math.round(queued),
      })),
      waits: [...seen.values()].map(({ wait, ns }): Wait => {
        const totalNs = Math.round(ns);
        return {
          ...wait,
          totalNs,
          queuedNs: wait.reason === "preempted" ? totalNs : 0,
          count: 1,
          maxNs: totalNs,
          buckets: [],
        };
      }),
      quality: quality({
        events: looks,
        estimated: true,
        duration_ns: duration,
        cost: { cpu_ns: cpuNs, probe_ns: 0, ratio: duration > 0 ? cpuNs / duration : 0, estimated: false },
        notes: ["Estimated from looks at /proc: no single waits, no stacks, nobody who ended them."],
      }),
    };
  };
}

function look(
  host: Host,
  pid: number,
  tid: number,
  ns: number,
  seen: Map<string, Seen>,
  times: Map<number, Times>,
): void {
  const stat = host.processStat(pid, tid);
  if (stat === null) return;
  let thread = times.get(tid);
  if (!thread) {
    const time = { pid, tid, comm: stat.comm, onNs: 0, offNs: 0, queuedNs: 0, shortNs: 0, shorts: 0 };
    times.set(tid, thread = { time, on: 0, off: 0, queued: 0, delay: null, owed: 0 });
  }
  const add = (reason: Wait["reason"], syscall: string, channel: string, part: number): void => {
    const key = `${tid} ${reason} ${syscall} ${channel}`;
    const known = seen.get(key);
    if (known) {
      known.ns += part;
      return;
    }
    const comm = tid === pid ? stat.comm : host.processStat(pid)?.comm ?? stat.comm;
    const frames = channel === ""
      ? []
      : [{ function: channel, module: "[kernel.kallsyms]", file: "", line: 0, kind: "kernel" as const }];
    const wait = { pid, tid, comm, thread: stat.comm === comm ? "" : stat.comm, reason, syscall, channel, frames };
    seen.set(key, { wait: { ...wait, waker: null, queuedNs: 0, sinceStart: false, open: false }, ns: part });
  };
  if (stat.state === "R") {
    // Runnable is running or waiting for a CPU. How long it waited the kernel adds up when the wait is over.
    const delay = host.processSched(pid, tid)?.waitNs ?? null;
    if (delay !== null && thread.delay !== null) thread.owed += delay - thread.delay;
    thread.delay = delay;
    const queued = Math.max(0, Math.min(ns, thread.owed));
    thread.owed -= queued;
    thread.on += ns - queued;
    thread.off += queued;
    thread.queued += queued;
    if (queued > 0) add("preempted", "", "", queued);
    return;
  }
  thread.off += ns;
  const channel = host.wchan(pid, tid) ?? "";
  const syscall = host.currentSyscall(pid, tid) ?? "";
  const state = STATES[stat.state] ?? 1;
  const reason = classifyWait({
    state,
    ioWait: false,
    syscall,
    kernel: channel === "" ? [] : [channel],
    user: syscall !== "",
    timedOut: false,
  });
  add(reason, syscall, channel, ns);
}
