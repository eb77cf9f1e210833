import type { Host } from "../../host/mod.ts";
import type { PerfRecord } from "../../perf/mod.ts";
import { type CodeMapping, codeMappings, insertMapping, mappingConflicts, readProcFile } from "../../symbols/mod.ts";

/** The memory of a process, as far as it holds code. */
export interface Space {
  /** Changes when addresses begin to mean something else. */
  readonly id: number;
  readonly mappings: readonly CodeMapping[];
}

/** Follows tasks through the records of perf events, so that each event finds the name and memory of its moment. */
export interface Tasks {
  /**
   * Reads the names of all tasks there are. To be called when records come already: what changes meanwhile is told by
   * a record as well, and ends at the same name.
   */
  scan(): void;
  /** Null for a task that neither the scan nor a record told of. */
  comm(tid: number): string | null;
  /** The process of a thread; null likewise. */
  pidOf(tid: number): number | null;
  /** The memory of a process; read from the machine when no record told of it. */
  space(pid: number): Space;
  take(record: PerfRecord): void;
}

interface Task {
  readonly pid: number;
  comm: string;
}

/** Tasks that have ended are remembered for a while: they are still seen, switching away for the last time. */
const MAX_ENDED = 4096;

/** Names are known after {@linkcode Tasks.scan}; memory is read from the machine when first asked for. */
export function createTasks(host: Host): Tasks {
  const tasks = new Map<number, Task>();
  const spaces = new Map<number, Space>();
  const ended: { readonly tid: number; readonly task: Task | undefined }[] = [];
  let nextSpace = 1;
  const newSpace = (mappings: readonly CodeMapping[]): Space => ({ id: nextSpace++, mappings });
  const knownSpace = (pid: number): Space => {
    let space = spaces.get(pid);
    if (!space) spaces.set(pid, space = newSpace(pid > 0 ? codeMappings(host.maps(pid)) : []));
    return space;
  };
  const forget = (tid: number): void => {
    ended.push({ tid, task: tasks.get(tid) });
    if (ended.length <= MAX_ENDED) return;
    for (const old of ended.splice(0, MAX_ENDED >> 1)) {
      // The number may belong to another by now.
      if (tasks.get(old.tid) !== old.task) continue;
      tasks.delete(old.tid);
      spaces.delete(old.tid);
    }
  };

  return {
    scan(): void {
      for (const pid of host.pids()) {
        for (const tid of host.threads(pid)) {
          const comm = readComm(host, pid, tid);
          if (comm !== null) tasks.set(tid, { pid, comm });
        }
      }
    },
    comm: (tid) => tasks.get(tid)?.comm ?? null,
    pidOf: (tid) => tasks.get(tid)?.pid ?? null,
    space: knownSpace,
    take(record): void {
      // Tasks outside of our pid namespace have no number.
      if ("tid" in record && (record.tid | 0) <= 0) return;
      switch (record.type) {
        case "comm": {
          const task = tasks.get(record.tid);
          if (task) task.comm = record.comm;
          else tasks.set(record.tid, { pid: record.pid, comm: record.comm });
          // A new program: MMAP2 records tell all of its memory.
          if (record.exec) spaces.set(record.pid, newSpace([]));
          return;
        }
        case "fork": {
          const parents = tasks.get(record.parentTid)?.comm;
          // Kernel threads have their name from the beginning, and no record tells it (since 6.4: copy_process, args->name).
          const comm = parents === "kthreadd" ? readComm(host, record.pid, record.tid) ?? undefined : parents;
          if (comm === undefined) tasks.delete(record.tid);
          else tasks.set(record.tid, { pid: record.pid, comm });
          if (record.pid === record.parentPid) return;
          const parent = spaces.get(record.parentPid);
          if (parent) spaces.set(record.pid, newSpace(parent.mappings));
          else spaces.delete(record.pid);
          return;
        }
        case "exit":
          return forget(record.tid);
        case "mmap": {
          const space = spaces.get(record.pid);
          // Memory nobody asked for yet is read as a whole when somebody does.
          if (!space) return;
          const added: CodeMapping = { ...record, end: record.start + record.length };
          const mappings = insertMapping(space.mappings, added);
          const same = !mappingConflicts(space.mappings, added);
          spaces.set(record.pid, same ? { id: space.id, mappings } : newSpace(mappings));
          return;
        }
      }
    },
  };
}

function readComm(host: Host, pid: number, tid: number): string | null {
  const path = tid === pid ? host.path("pid_comm", pid) : `${host.path("pid_task", pid)}/${tid}/comm`;
  const bytes = readProcFile(path, 128, 128);
  return bytes && taskName(bytes);
}

/**
 * The name that the kernel keeps, 15 bytes, from what `/proc/PID/comm` shows: for kernel threads that may be longer, and
 * for workers there is behind a - or + what they do (kernel/workqueue.c, wq_worker_comm).
 *
 * @param bytes with the newline that the kernel adds
 */
export function taskName(bytes: Uint8Array): string {
  // Other newlines are the name's own.
  const name = decoder.decode(bytes.subarray(0, bytes.at(-1) === 10 ? -1 : bytes.length).subarray(0, MAX_NAME_BYTES));
  return /^kworker\/(?!R-)[^-+]*/.exec(name)?.[0] ?? name;
}

/** TASK_COMM_LEN without the NUL. */
const MAX_NAME_BYTES = 15;

const decoder = new TextDecoder();
