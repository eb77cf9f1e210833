import type { Reader } from "./_reader.ts";
import { parseMaps } from "./parse_maps.ts";
import { parsePidIo } from "./parse_pid_io.ts";
import { parsePidSchedstat } from "./parse_pid_schedstat.ts";
import { parsePidSyscall } from "./parse_pid_syscall.ts";
import { parsePidStat, parseState, type StatUnits } from "./parse_pid_stat.ts";
import { parsePidStatus } from "./parse_pid_status.ts";
import { syscallName } from "./syscall_name.ts";
import type { Host } from "./host.ts";
import type { ProcessSched } from "./types.ts";

/** The part of a host that reads processes. */
export type Processes = Pick<
  Host,
  | "pids"
  | "processStat"
  | "processStatus"
  | "processIo"
  | "processSched"
  | "processCommand"
  | "threads"
  | "threadState"
  | "wchan"
  | "currentSyscall"
  | "threadCall"
  | "maps"
  | "taskRunDelays"
>;

const MAX_COMMAND = 4096;

/** @param arch names its system calls: `x86_64`, `aarch64` */
export function openProcesses(reader: Reader, units: StatUnits, arch: string): Processes {
  const decoder = new TextDecoder();
  const task = (pid: number, tid: number | undefined): string =>
    tid === undefined ? `/proc/${pid}` : `/proc/${pid}/task/${tid}`;
  const threads = (pid: number): number[] => numbers(reader.list(`/proc/${pid}/task`));
  const sched = (dir: string): ProcessSched | null => {
    const text = reader.text(`${dir}/schedstat`, true);
    return text === null ? null : parsePidSchedstat(text);
  };
  return {
    pids: () => numbers(reader.list("/proc")),
    processStat: (pid, tid) => {
      const length = reader.bytes(`${task(pid, tid)}/stat`, true);
      return length < 0 ? null : parsePidStat(reader.buffer, length, units);
    },
    processStatus: (pid, tid) => {
      const text = reader.text(`${task(pid, tid)}/status`, true);
      if (text === null || text === "") return null;
      const { capabilities: _, ...status } = parsePidStatus(text);
      return status;
    },
    processIo: (pid) => {
      const text = reader.text(`/proc/${pid}/io`, true);
      return text === null || text === "" ? null : parsePidIo(text);
    },
    processSched: (pid, tid) => {
      if (tid !== undefined) return sched(tid === pid ? `/proc/${pid}` : task(pid, tid));
      // A directory of tasks has a link for each, besides its own two: most processes have one thread.
      if (reader.links(`/proc/${pid}/task`) === 3) return sched(`/proc/${pid}`);
      let runNs = 0, waitNs = 0, slices = 0, seen = 0;
      for (const id of threads(pid)) {
        const one = sched(task(pid, id));
        if (one === null) continue;
        runNs += one.runNs;
        waitNs += one.waitNs;
        slices += one.slices;
        seen++;
      }
      return seen === 0 ? null : { runNs, waitNs, slices };
    },
    taskRunDelays: () => {
      const waits = new Map<number, number>();
      const add = (tid: number, dir: string): void => {
        const one = sched(dir);
        if (one !== null) waits.set(tid, one.waitNs);
      };
      for (const pid of numbers(reader.list("/proc"))) {
        if (reader.links(`/proc/${pid}/task`) === 3) add(pid, `/proc/${pid}`);
        else for (const tid of threads(pid)) add(tid, task(pid, tid));
      }
      return waits;
    },
    processCommand: (pid) => {
      const length = Math.min(reader.bytes(`/proc/${pid}/cmdline`), MAX_COMMAND);
      // A process may overwrite its arguments (setproctitle): NULs at the end are no arguments.
      let end = length;
      while (end > 0 && reader.buffer[end - 1] === 0) end--;
      return end <= 0 ? "" : decoder.decode(reader.buffer.subarray(0, end)).replaceAll("\0", " ");
    },
    threads,
    threadState: (pid, tid) => {
      const length = reader.bytes(`/proc/${pid}/task/${tid}/stat`, true);
      return length < 0 ? null : parseState(reader.buffer, length);
    },
    wchan: (pid, tid) => {
      const name = reader.word(`${task(pid, tid)}/wchan`);
      return name === "0" ? null : name;
    },
    currentSyscall: (pid, tid) => {
      const call = parsePidSyscall(reader.text(`${task(pid, tid)}/syscall`, true) ?? "");
      return call === null ? null : syscallName(call.number, arch);
    },
    threadCall: (pid, tid) => {
      const call = parsePidSyscall(reader.text(`${task(pid, tid)}/syscall`, true) ?? "");
      return call === null ? null : { name: syscallName(call.number, arch), args: call.args };
    },
    maps: (pid) => parseMaps(reader.text(`/proc/${pid}/maps`) ?? ""),
  };
}

/** Names that are numbers, ascending. */
function numbers(names: readonly string[]): number[] {
  const found: number[] = [];
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first >= 0x30 && first <= 0x39) found.push(Number(name));
  }
  return found.sort((a, b) => a - b);
}
