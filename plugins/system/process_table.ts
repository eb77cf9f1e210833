import type { Results, Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { PROCESS_FIELDS, SUMMARY_FIELDS } from "./fields.ts";
import {
  type BlockedLooks,
  lookAtProcesses,
  lookForBlocked,
  mostFrequent,
  noBlockedLooks,
  type ProcessLook,
  type ProcessLooks,
} from "./process_looks.ts";
import { delta, measure, type Window, windowQuality } from "./window.ts";

/** What to list. */
export interface ProcessListOptions {
  readonly durationNs: number;
  readonly sortBy: "cpu" | "memory" | "pid" | "name";
  readonly topN: number;
  readonly pid?: number;
  readonly signal: AbortSignal;
}

/** One process over the window, before it is a row: what does not need further reading. */
interface Activity {
  readonly before: ProcessLook | null;
  readonly after: ProcessLook;
  readonly cpuNs: number;
}

interface MachineCounters {
  readonly processes: ProcessLooks;
  readonly busyNs: number;
  readonly forks: number;
}

/** Processes over a window, and a summary: what `list_processes` answers (docs/tools.md). */
export async function processList(sonde: SondeApi, options: ProcessListOptions): Promise<Results> {
  const { host } = sonde;
  const blocked = noBlockedLooks();
  const userProcesses = new Map<number, boolean>();
  const look = (): MachineCounters => {
    const { all, forks } = host.cpuTimes();
    const processes = lookAtProcesses(sonde, options.pid);
    for (const [pid, p] of processes) if (!p.stat.kernelThread) userProcesses.set(pid, p.stat.threads > 1);
    // Interrupts belong to no process: they must not count as processes that nobody saw.
    const busyNs = all.user + all.nice + all.system;
    return { processes, busyNs, forks };
  };
  const w = await measure(sonde, look, options.durationNs, options.signal, () => {
    lookForBlocked(sonde, userProcesses, blocked);
  });
  if (blocked.n === 0) lookForBlocked(sonde, userProcesses, blocked);

  const activities = activityOf(w.before.processes, w.after.processes, w);
  const own = activities.find((a) => a.after.stat.pid === Deno.pid);
  const others = activities.filter((a) => a !== own);
  const notes = unreadableNotes(sonde, others);
  return {
    processes: processTable(sonde, w, others, blocked, options, notes),
    summary: summaryTable(sonde, w, others, own, options.pid !== undefined),
  };
}

/** Bit of CAP_SYS_PTRACE (include/uapi/linux/capability.h). */
const CAP_SYS_PTRACE = 19n;

/** Why the I/O of some processes is not there. Also root is refused by some: those of other user namespaces, the first. */
function unreadableNotes(sonde: SondeApi, activities: readonly Activity[]): string[] {
  const n = activities.filter((a) => !a.after.stat.kernelThread && a.after.io === null).length;
  if (n === 0) return [];
  const privileged = (sonde.host.features().capabilities >> CAP_SYS_PTRACE & 1n) === 1n;
  const which = n === 1 ? "1 process" : `${n} processes`;
  return [
    privileged
      ? `I/O of ${which} cannot be read: the kernel refuses it`
      : `I/O of ${which} of other users cannot be read without CAP_SYS_PTRACE`,
  ];
}

function activityOf(before: ProcessLooks, after: ProcessLooks, w: Window<unknown>): Activity[] {
  const list: Activity[] = [];
  for (const [pid, now] of after) {
    const then = before.get(pid);
    // The same pid with another start time is another process.
    const same = then && then.stat.startTicks === now.stat.startTicks ? then : null;
    const cpuNs = same
      ? delta(same.stat.userNs, now.stat.userNs) + delta(same.stat.systemNs, now.stat.systemNs)
      // Born in the window: all its time is. A tick of rounding may exceed the window.
      : Math.min(now.stat.userNs + now.stat.systemNs, w.durationNs * now.stat.threads);
    list.push({ before: same, after: now, cpuNs });
  }
  return list;
}

function processTable(
  sonde: SondeApi,
  w: Window<MachineCounters>,
  activities: readonly Activity[],
  blocked: BlockedLooks,
  options: ProcessListOptions,
  notes: readonly string[],
): Table {
  const blockedRatio = (a: Activity): number => (blocked.blocked.get(a.after.stat.pid) ?? 0) / Math.max(1, blocked.n);
  const sorted = [...activities].sort(ORDER[options.sortBy]);
  const chosen = new Set(sorted.slice(0, options.topN));
  if (options.sortBy === "cpu") {
    // Those that wait rather than run belong to the answer to "what is slow": they come after the busy ones.
    for (const a of activities) if (blockedRatio(a) > 0) chosen.add(a);
  }
  const rows = [...chosen].map((a) => processRow(sonde, w, a, blockedRatio(a), blocked));
  const left = activities.length - rows.length;
  return sonde.data.tableFromRows(
    PROCESS_FIELDS,
    rows,
    windowQuality(sonde, w, activities.length, left > 0 ? [...notes, `${left} more processes are not listed`] : notes),
  );
}

const ORDER: Record<ProcessListOptions["sortBy"], (a: Activity, b: Activity) => number> = {
  cpu: (a, b) => b.cpuNs - a.cpuNs || residentBytes(b.after) - residentBytes(a.after),
  memory: (a, b) => residentBytes(b.after) - residentBytes(a.after),
  pid: (a, b) => a.after.stat.pid - b.after.stat.pid,
  name: (a, b) => a.after.stat.comm < b.after.stat.comm ? -1 : a.after.stat.comm > b.after.stat.comm ? 1 : 0,
};

function processRow(
  sonde: SondeApi,
  w: Window<MachineCounters>,
  { before: b, after: a, cpuNs }: Activity,
  blockedRatio: number,
  blocked: BlockedLooks,
): unknown[] {
  const { host } = sonde;
  const { pid } = a.stat;
  const seconds = w.seconds;
  // A process born in the window counts from zero.
  const io = (k: keyof NonNullable<ProcessLook["io"]>): number | null =>
    a.io === null || b !== null && b.io === null ? null : delta(b ? b.io?.[k] : 0, a.io[k]) / seconds;
  const stat = (k: "minorFaults" | "majorFaults" | "userNs" | "systemNs" | "childMinorFaults"): number =>
    delta(b ? b.stat[k] : 0, a.stat[k]);
  const switches = (k: "voluntarySwitches" | "involuntarySwitches"): number | null =>
    a.status === null ? null : delta(b ? b.status?.[k] : 0, a.status[k]) / seconds;
  const cgroup = host.processCgroup(pid);
  return [
    pid,
    a.stat.ppid,
    a.stat.comm,
    a.stat.state,
    cpuNs / w.durationNs,
    stat("userNs") / w.durationNs,
    stat("systemNs") / w.durationNs,
    a.stat.threads,
    residentBytes(a),
    (residentBytes(a) - (b ? residentBytes(b) : 0)) / seconds,
    io("readBytes"),
    io("writeBytes"),
    io("readSyscalls"),
    io("writeSyscalls"),
    stat("minorFaults") / seconds,
    stat("majorFaults") / seconds,
    switches("voluntarySwitches"),
    switches("involuntarySwitches"),
    a.sched === null ? null : delta(b ? b.sched?.waitNs : 0, a.sched.waitNs) / w.durationNs,
    blockedRatio,
    mostFrequent(blocked.waits.get(pid)),
    a.status?.cpusAllowed ?? null,
    a.stat.processor,
    cgroup,
    host.containerOf(cgroup),
    host.processCommand(pid) || null,
    (delta(b ? b.stat.childUserNs : 0, a.stat.childUserNs) +
      delta(b ? b.stat.childSystemNs : 0, a.stat.childSystemNs)) /
    w.durationNs,
    stat("childMinorFaults") / seconds,
    a.status?.uid ?? null,
    host.processCgroups(pid).join(","),
  ];
}

/** Resident size: the exact one where it was read. */
function residentBytes(look: ProcessLook): number {
  return look.status?.rss ?? look.stat.rss;
}

function summaryTable(
  sonde: SondeApi,
  w: Window<MachineCounters>,
  others: readonly Activity[],
  own: Activity | undefined,
  onlyOne: boolean,
): Table {
  const seen = others.reduce((sum, a) => sum + a.cpuNs, 0) / w.durationNs;
  const total = delta(w.before.busyNs, w.after.busyNs) / w.durationNs;
  const ownCpu = own ? own.cpuNs / w.durationNs : 0;
  const gone = [...w.before.processes.keys()].filter((pid) => !w.after.processes.has(pid)).length;
  const row = [
    others.length,
    others.reduce((sum, a) => sum + a.after.stat.threads, 0),
    others.filter((a) => a.after.stat.state === "R").length,
    others.filter((a) => a.after.stat.state === "D").length,
    others.filter((a) => a.before === null).length / w.seconds,
    gone / w.seconds,
    delta(w.before.forks, w.after.forks) / w.seconds,
    seen,
    total,
    // Of one process alone it cannot be said what all others used.
    onlyOne ? null : Math.max(0, total - seen - ownCpu),
    ownCpu,
  ];
  return sonde.data.tableFromRows(SUMMARY_FIELDS, [row], windowQuality(sonde, w, 1));
}
