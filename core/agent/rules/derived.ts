import type { Field } from "../../data/mod.ts";
import type { Facts, Reading, Subject } from "./facts.ts";

/** Facts computed from others. Each reading cites the cell that it was mainly made from. */
export type DerivedFact = (facts: Facts, subject: Subject) => readonly Reading[];

/** By name, as rules and texts write them. */
export const DERIVED: { readonly [fact: string]: DerivedFact } = {
  /**
   * Time that tasks waited for a CPU, in CPUs: the kernel's own sum, or where it keeps none (CONFIG_SCHEDSTATS=n) that
   * of all listed processes.
   */
  "queue.delay": (facts, subject) => {
    const own = facts.read("load.run_delay", subject);
    if (own.length > 0) return own;
    const members = facts.subjects("process").map((s) => facts.read("process.run_delay", s));
    return facts.windows("list_processes", "processes").flatMap((_, w) => {
      const readings = members.flatMap((m) => m[w] ? [m[w]] : []);
      if (readings.length === 0) return [];
      const values = readings.map((r) => Number(r.value ?? 0));
      const lead = readings[values.indexOf(Math.max(...values))];
      return [{ ...lead, value: values.reduce((a, b) => a + b, 0) }];
    });
  },
  /** Kernel part of the CPU time of a process. */
  "process.system_share": quotient("process.system", "process.cpu"),
  /** CPU time of all siblings of a name, in CPUs. */
  "process.group_cpu": (facts, subject) =>
    sumOver(facts, subject, "process.cpu").map(({ sum, lead }) => ({ ...lead, value: sum })),
  /** The same as a share of all CPUs. */
  "process.machine_share": (facts, subject) => {
    const cpus = latest(facts, "load.cpus", subject);
    if (cpus === null) return [];
    return sumOver(facts, subject, "process.cpu").map(({ sum, lead }) => ({ ...lead, value: sum / cpus }));
  },
  /** How many siblings of a name use CPU. */
  "process.group_size": (facts, subject) =>
    sumOver(facts, subject, "process.cpu").map(({ busy, lead }) => ({ ...lead, value: busy, field: COUNT })),
  /** Part of the online CPUs that the process may run on. */
  "process.allowed_share": (facts, subject) => {
    const cpus = latest(facts, "load.cpus", subject);
    if (cpus === null) return [];
    return facts.read("process.cpus_allowed", subject).map((r) =>
      typeof r.value === "string" ? { ...r, value: Math.min(1, cpuList(r.value).length / cpus), field: RATIO } : r
    );
  },
  /** Mean use of the CPUs that the process may run on. */
  "process.allowed_usage": (facts, subject) => overAllowed(facts, subject, true),
  /** Least use of a CPU that the process may not run on. */
  "process.forbidden_usage": (facts, subject) => overAllowed(facts, subject, false),
  /** Part of all reading from storage that one process does. */
  "process.read_share": quotient("process.read_bytes", "disks.read_bytes", 64 * 1024),
  /** Part of all writing to storage that one process does. */
  "process.write_share": quotient("process.write_bytes", "disks.write_bytes", 64 * 1024),
  "disks.read_bytes": (facts) => sumOverDisks(facts, "one_disk.read_bytes"),
  "disks.write_bytes": (facts) => sumOverDisks(facts, "one_disk.write_bytes"),
  /** Resident memory as a share of all memory. */
  "process.memory_share": quotient("process.rss", "memory.total"),
  /** Part of its cgroup's quota that one process uses. */
  "process.quota_share": quotient("process.cpu", "cgroup_cpu.cpu_quota"),
  /** Use of the CPU time that the cgroup's quota allows. */
  "cgroup_cpu.quota_use": quotient("cgroup_cpu.cpu", "cgroup_cpu.cpu_quota"),
  "cgroup_memory.file_share": quotient("cgroup_memory.file", "cgroup_memory.memory"),
  "cgroup_memory.anon_share": quotient("cgroup_memory.anon", "cgroup_memory.memory"),
  "one_cgroup.quota_use": quotient("one_cgroup.cpu", "one_cgroup.cpu_quota"),
  /** Seconds until the cgroup is at its limit, at its present growth; a day when it does not grow. */
  "cgroup_memory.seconds_left": (facts, subject) => {
    const limits = facts.read("cgroup_memory.memory_limit", subject);
    const sizes = facts.read("cgroup_memory.memory", subject);
    return facts.read("cgroup_memory.memory_growth", subject).map((g, i) => {
      const limit = limits[i]?.value;
      const size = sizes[i]?.value;
      if (typeof g.value !== "number" || typeof limit !== "number" || typeof size !== "number") {
        return { ...g, value: null };
      }
      const left = g.value > 0 ? Math.min(86_400, Math.max(0, limit - size) / g.value) : 86_400;
      return { ...g, value: left, field: SECONDS };
    });
  },
  /** Reads a second are small: bytes of one read. */
  "disk.read_size": quotient("disk.read_bytes", "disk.reads", 10),
  /** Time in interrupts, hard and soft, of all CPUs. */
  "cpu.interrupts": (facts, subject) => {
    const soft = facts.read("cpu.softirq", subject);
    return facts.read("cpu.irq", subject).map((r, i) => {
      const s = soft[i] ?? r;
      const greater = Number(s.value) > Number(r.value) ? s : r;
      return { ...greater, value: Number(r.value) + Number(soft[i]?.value ?? 0) };
    });
  },
  /** OOM kills of the last ten minutes, by the kernel's log. */
  "log.oom_kills": (facts) => countLog(facts, ["oom_kill"]),
  /** Hardware and scheduling trouble of CPUs, by the kernel's log. */
  "log.cpu_errors": (facts) => countLog(facts, ["mce", "soft_lockup", "rcu_stall", "thermal_throttle"]),
  "log.disk_errors": (facts) => countLog(facts, ["io_error", "fs_error", "hung_task"]),
  "log.memory_errors": (facts) => countLog(facts, ["memory_failure", "oom_kill"]),
  "log.network_errors": (facts) => countLog(facts, ["nic", "tcp_overflow"]),
};

const COUNT: Field = { name: "count", type: "int", unit: null };
const RATIO: Field = { name: "share", type: "ratio", unit: "ratio" };
const SECONDS: Field = { name: "left", type: "float", unit: null };

/** Each window's quotient; null where the denominator is below `least` or unknown. */
function quotient(over: string, under: string, least = Number.MIN_VALUE): DerivedFact {
  return (facts, subject) => {
    const denominators = facts.read(under, subject);
    return facts.read(over, subject).flatMap((r, i): Reading[] => {
      const d = denominators[Math.min(i, denominators.length - 1)];
      if (d === undefined) return [];
      if (typeof r.value !== "number" || typeof d.value !== "number") return [{ ...r, value: null }];
      return [{ ...r, value: d.value >= least ? r.value / d.value : 0, field: RATIO }];
    });
  };
}

interface GroupSum {
  readonly sum: number;
  readonly busy: number;
  /** The greatest member's reading. */
  readonly lead: Reading;
}

function sumOver(facts: Facts, subject: Subject, fact: string): GroupSum[] {
  const members = (subject.group.length > 0 ? subject.group : [subject]).map((s) => facts.read(fact, s));
  const windows = Math.max(0, ...members.map((m) => m.length));
  const sums: GroupSum[] = [];
  for (let w = 0; w < windows; w++) {
    const readings = members.flatMap((m) => m[w] ? [m[w]] : []);
    const values = readings.map((r) => Number(r.value ?? 0));
    const lead = readings[values.indexOf(Math.max(...values))];
    sums.push({ sum: values.reduce((a, b) => a + b, 0), busy: values.filter((v) => v >= 0.05).length, lead });
  }
  return sums;
}

/** All disks together; those that are made of others (device mapper, RAID) would count their traffic twice. */
function sumOverDisks(facts: Facts, fact: string): Reading[] {
  const disks = facts.subjects("one_disk").filter((d) => !/^(dm-|md)/.test(d.key)).map((d) => facts.read(fact, d));
  const windows = Math.max(0, ...disks.map((d) => d.length));
  return Array.from({ length: windows }, (_, w) => {
    const readings = disks.flatMap((d) => d[w] ? [d[w]] : []);
    const values = readings.map((r) => Number(r.value ?? 0));
    return { ...readings[values.indexOf(Math.max(...values))], value: values.reduce((a, b) => a + b, 0) };
  });
}

/** Usage of the CPUs inside (mean) or outside (least) the process's affinity. */
function overAllowed(facts: Facts, subject: Subject, inside: boolean): Reading[] {
  const allowed = facts.read("process.cpus_allowed", subject).findLast((r) => typeof r.value === "string");
  if (!allowed) return [];
  const list = new Set(cpuList(String(allowed.value)).map(String));
  const cpus = facts.subjects("one_cpu").filter((c) => list.has(c.key) === inside);
  if (cpus.length === 0) return inside ? [] : [{ value: null, field: RATIO, cell: null }];
  const readings = cpus.map((c) => facts.read("one_cpu.usage", c));
  return readings[0].map((_, w) => {
    const values = readings.map((r) => Number(r[w]?.value ?? 0));
    const least = Math.min(...values);
    const value = inside ? values.reduce((a, b) => a + b, 0) / values.length : least;
    return { ...readings[inside ? 0 : values.indexOf(least)][w], value };
  });
}

/** Entries of the kernel's log, 0 when it was read and has none. The newest is cited. */
function countLog(facts: Facts, kinds: readonly string[]): Reading[] {
  const entries = facts.subjects("log_entry").flatMap((s) => facts.read("log_entry.kind", s).slice(0, 1))
    .filter((r) => kinds.includes(String(r.value)));
  const window = facts.windows("get_system_metrics", "kernel_log").at(-1);
  if (!window || window.table.quality.notes.length > 0 && window.table.length === 0) return [];
  const newest = entries.at(-1);
  return [newest ? { ...newest, value: entries.length, field: COUNT } : { value: 0, field: COUNT, cell: null }];
}

function latest(facts: Facts, fact: string, subject: Subject): number | null {
  const r = facts.read(fact, subject).findLast((x) => typeof x.value === "number");
  return r ? r.value as number : null;
}

/** CPUs of a list such as `0-3,8` (cpuset(7), list format). */
export function cpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const part of text.split(",")) {
    const m = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!m) continue;
    const last = Math.min(Number(m[2] ?? m[1]), Number(m[1]) + 8192);
    for (let cpu = Number(m[1]); cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}
