import type { Host } from "../host/mod.ts";
import type { CommRecord, MmapRecord, TaskRecord } from "../perf/mod.ts";
import { type CodeMapping, codeMappings, insertMapping, mappingConflicts, readProcFile } from "../symbols/mod.ts";

/** The memory of a process between two execs, as far as it holds code. */
export interface AddressSpace {
  readonly id: number;
  readonly pid: number;
  /** Ascending. Replaced, never changed in place. */
  mappings: readonly CodeMapping[];
}

/** Who ran, as a sample's labels say. */
export interface TaskLabel {
  readonly pid: number;
  /** Name of the process: that of its first thread. */
  readonly comm: string;
  /** Name of the thread where it differs; else empty. */
  readonly thread: string;
  /** What the thread was doing, for samplers that tell: `running`, `syscall futex`, … */
  readonly state?: string;
}

/** A thread, as samples find it. */
export interface Task {
  readonly process: Process;
  comm: string | null;
  /** Index into the labels, -1 until asked for and after a name changed. */
  label: number;
  /** Index into the spaces, -1 likewise. */
  space: number;
}

/** A process and what it has mapped. */
export interface Process {
  readonly pid: number;
  /** Null until known: read from the machine when first needed. */
  space: AddressSpace | null;
  /** Whether a sample refers to `space`. */
  sampled: boolean;
  /** Whose memory it shares until it calls exec. */
  readonly parent: Process | null;
  readonly threads: Map<number, Task>;
}

/** Follows processes through the records of a sampler, so that each sample finds the memory and name of its moment. */
export interface ProcessTable {
  readonly spaces: readonly AddressSpace[];
  readonly labels: readonly TaskLabel[];
  /** The thread of a sample, its label and space set. */
  task(pid: number, tid: number): Task;
  comm(record: CommRecord): void;
  /** @returns the mapping, as it is in the process's space now */
  mmap(record: MmapRecord): CodeMapping;
  /** There is no counterpart for an exit: a task may still be sampled while it ends. */
  fork(record: TaskRecord): void;
}

/** The mapping that a record tells of. */
export function mappingOf(record: MmapRecord): CodeMapping {
  const { start, length, offset, major, minor, inode, path } = record;
  return { start, end: start + length, offset, major, minor, inode, path };
}

/** Processes that ran before sampling began are read from the machine when their first sample comes. */
export function createProcessTable(host: Host): ProcessTable {
  const processes = new Map<number, Process>();
  const tasks = new Map<number, Task>();
  const spaces: AddressSpace[] = [];
  const labels: TaskLabel[] = [];
  const labelIndex = new Map<string, number>();

  const newSpace = (pid: number, mappings: readonly CodeMapping[]): AddressSpace => ({ id: -1, pid, mappings });
  const processOf = (pid: number): Process => {
    let process = processes.get(pid);
    if (!process) {
      process = { pid, space: null, sampled: false, parent: null, threads: new Map() };
      processes.set(pid, process);
    }
    return process;
  };
  const taskOf = (pid: number, tid: number): Task => {
    const process = processOf(pid);
    const known = tasks.get(tid);
    if (known?.process === process) return known;
    const task: Task = { process, comm: null, label: -1, space: -1 };
    tasks.set(tid, task);
    process.threads.set(tid, task);
    return task;
  };
  const forget = (process: Process): void => {
    for (const task of process.threads.values()) task.label = task.space = -1;
  };
  const mappingsOf = (process: Process): readonly CodeMapping[] => {
    if (process.space) return process.space.mappings;
    const read = codeMappings(host.maps(process.pid));
    return read.length === 0 && process.parent ? mappingsOf(process.parent) : read;
  };
  const commOf = (pid: number, tid: number): string => {
    const task = taskOf(pid, tid);
    if (task.comm === null) {
      const { parent } = task.process;
      // A child that has ended and never took a name of its own had its parent's.
      task.comm = readComm(host, pid, tid) || (parent && parent.pid !== pid ? commOf(parent.pid, parent.pid) : "");
    }
    return task.comm;
  };
  const labelOf = (pid: number, tid: number): number => {
    const comm = commOf(pid, pid);
    const own = tid === pid ? comm : commOf(pid, tid);
    const thread = own === comm ? "" : own;
    const key = `${pid}\0${comm}\0${thread}`;
    let label = labelIndex.get(key);
    if (label === undefined) {
      labelIndex.set(key, label = labels.length);
      labels.push({ pid, comm, thread });
    }
    return label;
  };
  const spaceOf = (process: Process): number => {
    process.space ??= newSpace(process.pid, mappingsOf(process));
    if (process.space.id < 0) {
      process.space = { ...process.space, id: spaces.length };
      spaces.push(process.space);
    }
    return process.space.id;
  };

  return {
    spaces,
    labels,
    task: (pid, tid) => {
      const task = taskOf(pid, tid);
      if (task.label < 0) task.label = labelOf(pid, tid);
      if (task.space < 0) task.space = spaceOf(task.process);
      task.process.sampled = true;
      return task;
    },
    comm: (record) => {
      const task = taskOf(record.pid, record.tid);
      task.comm = record.comm;
      task.label = -1;
      if (record.tid === record.pid) forget(task.process);
      if (!record.exec) return;
      // A new program: nothing of the old one's memory is left, and MMAP2 records tell all of the new.
      task.process.space = newSpace(record.pid, []);
      task.process.sampled = false;
    },
    mmap: (record) => {
      const process = processOf(record.pid);
      const added = mappingOf(record);
      process.space ??= newSpace(process.pid, mappingsOf(process));
      const space = process.space;
      const mappings = insertMapping(space.mappings, added);
      if (process.sampled && mappingConflicts(space.mappings, added)) {
        // Samples were taken when these addresses meant something else: they keep the old space.
        process.space = newSpace(process.pid, mappings);
        process.sampled = false;
        forget(process);
      } else space.mappings = mappings;
      return added;
    },
    fork: (record) => {
      const parent = processOf(record.parentPid);
      if (record.pid !== record.parentPid) {
        // The number may have belonged to a process that ended.
        const space = parent.space && newSpace(record.pid, parent.space.mappings);
        processes.set(record.pid, { pid: record.pid, space, sampled: false, parent, threads: new Map() });
        tasks.delete(record.tid);
      }
      const comm = tasks.get(record.parentTid)?.comm;
      const task = taskOf(record.pid, record.tid);
      task.comm = comm ?? null;
      task.label = -1;
    },
  };
}

/** The name of a thread that sampling found running; empty when it has ended already. */
function readComm(host: Host, pid: number, tid: number): string {
  // Other tasks have no number here (kernel/events/core.c, perf_event_pid_type); idle is never sampled.
  if (pid === 0) return "[other pid namespace]";
  if (pid < 0) return "[exiting]";
  const path = tid === pid ? host.path("pid_comm", pid) : `${host.path("pid_task", pid)}/${tid}/comm`;
  const bytes = readProcFile(path, 64, 64);
  // The kernel adds one newline; others are the name's own.
  return bytes ? decoder.decode(bytes).replace(/\n$/, "") : "";
}

const decoder = new TextDecoder();
