import type { Host } from "../../core/host/mod.ts";
import type { PerfRecord } from "../../core/perf/mod.ts";
import { type AddressSpace, createProcessTable } from "../../core/profile/process_table.ts";

/**
 * Which memory samples refer to, where the kernel counts them and does not tell when each was taken. A process and the
 * number of execs before it (`task_struct.self_exec_id`, which a child takes over from its parent) name one program in
 * memory.
 */
export interface SampledPrograms {
  readonly spaces: readonly AddressSpace[];
  /** Takes a record of names, mappings or forks, in the order of time. */
  record(record: PerfRecord): void;
  /** Programs were sampled for the first time since the last call, whose records have all been taken. */
  seen(programs: readonly { readonly pid: number; readonly exec: number }[]): void;
  /** Its index in `spaces`, and the name of its process. */
  of(pid: number, exec: number): { readonly space: number; readonly comm: string };
}

interface Program {
  readonly pid: number;
  readonly exec: number;
  /** Known since the process went on to another program; until then it is what the process has now. */
  ended: { readonly space: number; readonly comm: string } | null;
}

/** Nothing is read of a process before it was sampled. */
export function createSampledPrograms(host: Host): SampledPrograms {
  const table = createProcessTable(host);
  const programs = new Map<string, Program>();
  /** What each process runs now, of those that were sampled. */
  const current = new Map<number, Program>();
  const parents = new Map<number, number>();
  const execs = new Map<number, number>();
  let nowhere: AddressSpace | null = null;
  const spaces = (): readonly AddressSpace[] => nowhere ? [...table.spaces, nowhere] : table.spaces;

  const now = (pid: number): { space: number; comm: string } => {
    const { space, label } = table.task(pid, pid);
    return { space, comm: table.labels[label].comm };
  };
  const end = (pid: number): void => {
    const program = current.get(pid);
    if (program) program.ended = now(pid);
    current.delete(pid);
  };
  const of = (pid: number, exec: number): { space: number; comm: string } => {
    const program = programs.get(`${pid} ${exec}`);
    return program?.ended ?? now(pid);
  };
  return {
    get spaces() {
      return spaces();
    },
    record: (record) => {
      if (record.type === "mmap") return table.mmap(record);
      if (record.type === "fork") {
        if (record.pid !== record.parentPid) {
          end(record.pid); // the number belonged to a process that ended
          parents.set(record.pid, record.parentPid);
          execs.delete(record.pid);
        }
        return table.fork(record);
      }
      if (record.type !== "comm") return;
      if (record.exec) {
        end(record.pid);
        execs.set(record.pid, (execs.get(record.pid) ?? 0) + 1);
      }
      table.comm(record);
    },
    seen: (fresh) => {
      const inOrder = [...fresh].sort((a, b) => a.exec - b.exec);
      const last = new Map(inOrder.map(({ pid, exec }) => [pid, exec]));
      for (const { pid, exec } of inOrder) {
        const program: Program = { pid, exec, ended: null };
        programs.set(`${pid} ${exec}`, program);
        const parent = parents.get(pid);
        const inherited = parent === undefined ? undefined : programs.get(`${parent} ${exec}`);
        const goneOn = execs.has(pid) && (last.get(pid) !== exec || inherited !== undefined);
        if (!goneOn) {
          current.set(pid, program);
          now(pid); // looks at its memory while it is there
        } // It ran its parent's program until it called exec, which it has done by now: its own memory cannot be seen.
        else if (inherited) program.ended = inherited.ended ?? now(inherited.pid);
        else program.ended = { space: -1, comm: now(pid).comm };
      }
      execs.clear();
    },
    of: (pid, exec) => {
      const found = of(pid, exec);
      if (found.space >= 0) return found;
      nowhere ??= { id: -1, pid, mappings: [] };
      return { ...found, space: table.spaces.length };
    },
  };
}
