import type { ProcessIo, ProcessSched, ProcessStat, ProcessStatus } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";

/** One process at one moment. Kernel threads have no `io` and `status`: they do nothing of their own there. */
export interface ProcessLook {
  readonly stat: ProcessStat;
  readonly io: ProcessIo | null;
  readonly sched: ProcessSched | null;
  readonly status: ProcessStatus | null;
}

/** All processes at one moment, by pid. */
export type ProcessLooks = ReadonlyMap<number, ProcessLook>;

/** Looks at all processes, or at one. Those that die while being read are left out. */
export function lookAtProcesses(sonde: SondeApi, only?: number): ProcessLooks {
  const { host } = sonde;
  const looks = new Map<number, ProcessLook>();
  for (const pid of only === undefined ? host.pids() : [only]) {
    const stat = host.processStat(pid);
    if (!stat) continue;
    looks.set(
      pid,
      stat.kernelThread
        ? { stat, io: null, sched: null, status: null }
        : { stat, io: host.processIo(pid), sched: host.processSched(pid), status: host.processStatus(pid) },
    );
  }
  return looks;
}

/** Where processes were blocked, by pid, over several looks. */
export interface BlockedLooks {
  /** Looks taken. */
  n: number;
  /** Looks at which a thread of the process was in uninterruptible sleep. */
  readonly blocked: Map<number, number>;
  /** Counts of `system call/kernel function` by pid. */
  readonly waits: Map<number, Map<string, number>>;
}

/** Starts with no looks. */
export function noBlockedLooks(): BlockedLooks {
  return { n: 0, blocked: new Map(), waits: new Map() };
}

/**
 * Looks once at which processes of `pids` are in uninterruptible sleep, and where.
 *
 * @param pids processes worth looking at, with whether they have several threads
 */
export function lookForBlocked(sonde: SondeApi, pids: ReadonlyMap<number, boolean>, into: BlockedLooks): void {
  const { host } = sonde;
  into.n++;
  for (const [pid, threaded] of pids) {
    const tid = blockedThread(sonde, pid, threaded);
    if (tid === null) continue;
    into.blocked.set(pid, (into.blocked.get(pid) ?? 0) + 1);
    const where = [host.currentSyscall(pid, tid), host.wchan(pid, tid)].filter((part) => part !== null).join("/");
    if (where === "") continue;
    const waits = into.waits.get(pid) ?? new Map<string, number>();
    waits.set(where, (waits.get(where) ?? 0) + 1);
    into.waits.set(pid, waits);
  }
}

/** A thread of the process that is in state D, or null. `/proc/PID/stat` tells the state of the main thread only. */
function blockedThread(sonde: SondeApi, pid: number, threaded: boolean): number | null {
  const stat = sonde.host.processStat(pid);
  if (!stat) return null;
  if (stat.state === "D") return pid;
  if (!threaded) return null;
  for (const tid of sonde.host.threads(pid)) {
    if (tid !== pid && sonde.host.threadState(pid, tid) === "D") return tid;
  }
  return null;
}

/** The most frequent key of a count, or null. */
export function mostFrequent(counts: ReadonlyMap<string, number> | undefined): string | null {
  let best: string | null = null;
  let most = 0;
  for (const [key, n] of counts ?? []) {
    if (n > most) [best, most] = [key, n];
  }
  return best;
}
