import { type CodeMapping, insertMapping, mappingConflicts } from "../../symbols/mod.ts";

/** A mapping with what the recording says of its file. */
export interface RecordedMapping extends CodeMapping {
  /** Lower-case hex; empty when the record has none. */
  readonly buildId: string;
}

/** The memory of a process between two changes that give sampled addresses another meaning. */
export interface RecordedSpace {
  /** Ascending; -1 until sampled. */
  id: number;
  readonly pid: number;
  mappings: readonly RecordedMapping[];
  /** Whether a sample refers to it. */
  sampled: boolean;
}

/** A thread. */
export interface RecordedTask {
  readonly tid: number;
  readonly process: RecordedProcess;
  /** Null until a record tells. */
  comm: string | null;
  /** What a reader keeps with the task; -1 after its name or its process's changed. */
  label: number;
}

/** A process. */
export interface RecordedProcess {
  readonly pid: number;
  space: RecordedSpace;
  readonly threads: Map<number, RecordedTask>;
}

/** Follows the tasks of a recording: nothing is asked of this machine, where other processes have the numbers now. */
export interface RecordedTasks {
  /** The thread of a sample, as it is now. */
  task(pid: number, tid: number): RecordedTask;
  /** The name of the process: that of its first thread. */
  commOf(process: RecordedProcess): string;
  comm(pid: number, tid: number, comm: string, exec: boolean): void;
  fork(pid: number, tid: number, parentPid: number, parentTid: number): void;
  map(pid: number, mapping: RecordedMapping): void;
}

/** A table in which only idle, number 0, is known. */
export function recordedTasks(): RecordedTasks {
  const processes = new Map<number, RecordedProcess>();
  const tasks = new Map<number, RecordedTask>();

  const newSpace = (pid: number, mappings: readonly RecordedMapping[]): RecordedSpace => ({
    id: -1,
    pid,
    mappings,
    sampled: false,
  });
  const processOf = (pid: number): RecordedProcess => {
    let process = processes.get(pid);
    if (!process) {
      process = { pid, space: newSpace(pid, []), threads: new Map() };
      processes.set(pid, process);
    }
    return process;
  };
  const taskOf = (pid: number, tid: number): RecordedTask => {
    const process = processOf(pid);
    const known = tasks.get(tid);
    if (known?.process === process) return known;
    // Idle is number 0 on every CPU, and no record names it.
    const task: RecordedTask = { tid, process, comm: tid === 0 ? "swapper" : null, label: -1 };
    tasks.set(tid, task);
    process.threads.set(tid, task);
    return task;
  };
  const forget = (process: RecordedProcess): void => {
    for (const task of process.threads.values()) task.label = -1;
  };

  return {
    task: taskOf,
    commOf: (process) => taskOf(process.pid, process.pid).comm ?? "",
    comm: (pid, tid, comm, exec) => {
      const task = taskOf(pid, tid);
      task.comm = comm;
      task.label = -1;
      if (tid === pid) forget(task.process);
      if (!exec) return;
      // A new program: nothing of the old one's memory is left.
      task.process.space = newSpace(pid, []);
    },
    fork: (pid, tid, parentPid, parentTid) => {
      if (pid !== parentPid) {
        const parent = processOf(parentPid);
        processes.set(pid, { pid, space: newSpace(pid, parent.space.mappings), threads: new Map() });
        tasks.delete(tid);
      }
      const comm = tasks.get(parentTid)?.comm ?? null;
      const task = taskOf(pid, tid);
      task.comm = comm;
      task.label = -1;
    },
    map: (pid, mapping) => {
      const process = processOf(pid);
      const { space } = process;
      const mappings = insertMapping(space.mappings, mapping) as RecordedMapping[];
      if (mappings.length > MAX_MAPPINGS) return;
      if (space.sampled && mappingConflicts(space.mappings, mapping)) process.space = newSpace(pid, mappings);
      else space.mappings = mappings;
    },
  };
}

/** Linux allows 65,530 by default (vm.max_map_count); more is a broken file, and each insertion copies the list. */
const MAX_MAPPINGS = 70_000;
