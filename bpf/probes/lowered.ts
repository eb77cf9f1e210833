/**
 * Tracepoints whose fields are plain members of the raw tracepoint's arguments: `[argument index, member path…]`. What
 * is not listed (`prev_state` of sched_switch is computed) is read from the tracepoint's own record. A test compares
 * both ways.
 */
export const LOWERED: Readonly<Record<string, Readonly<Record<string, readonly [number, ...string[]]>>>> = {
  "sched:sched_switch": {
    prev_comm: [1, "comm"],
    prev_pid: [1, "pid"],
    prev_prio: [1, "prio"],
    next_comm: [2, "comm"],
    next_pid: [2, "pid"],
    next_prio: [2, "prio"],
  },
  "sched:sched_wakeup": { comm: [0, "comm"], pid: [0, "pid"], prio: [0, "prio"] },
  "sched:sched_wakeup_new": { comm: [0, "comm"], pid: [0, "pid"], prio: [0, "prio"] },
  "sched:sched_waking": { comm: [0, "comm"], pid: [0, "pid"], prio: [0, "prio"] },
  "sched:sched_process_exec": { filename: [2, "filename"], pid: [0, "pid"], old_pid: [1] },
  "sched:sched_process_exit": { comm: [0, "comm"], pid: [0, "pid"], prio: [0, "prio"] },
  "sched:sched_process_fork": {
    parent_comm: [0, "comm"],
    parent_pid: [0, "pid"],
    child_comm: [1, "comm"],
    child_pid: [1, "pid"],
  },
};

/** Fields of {@linkcode LOWERED} that are texts behind a pointer. */
export const LOWERED_TEXTS: ReadonlySet<string> = new Set(["sched:sched_process_exec.filename"]);
