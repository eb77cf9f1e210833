import type { Results } from "../../data/mod.ts";
import type { Tool, ToolParam } from "../../plugin_api/mod.ts";
import type { ManualClock } from "../clock.ts";
import { testTable } from "./tables.ts";

/** Values by field. */
export type Row = { readonly [field: string]: unknown };

/** What a made-up machine looks like in one window. Whatever is left out is a quiet machine with two CPUs. */
export interface MachineWindow {
  /** Usage of CPU 0 and CPU 1. */
  readonly cpus?: readonly [Row, Row];
  readonly load?: Row;
  readonly memory?: Row;
  readonly disk?: Row;
  readonly tcp?: Row;
  readonly network?: Row;
  /** PSI `some` of cpu, memory, io. Null: the kernel has no PSI. */
  readonly pressure?: readonly [number, number, number] | null;
  readonly cgroups?: readonly Row[];
  readonly kernelLog?: readonly Row[];
  /** Beside init, kthreadd and a few sleepers. */
  readonly processes?: readonly Row[];
  readonly summary?: Row;
  readonly profile?: readonly Row[];
  readonly commands?: readonly Row[];
}

const GIB = 2 ** 30;

const QUIET_PROCESSES: readonly Row[] = [
  { pid: 1, ppid: 0, comm: "systemd", cpu: 0.001, system: 0.001, rss: 12e6 },
  { pid: 2, ppid: 0, comm: "kthreadd", state: "S" },
  { pid: 31, ppid: 2, comm: "kworker/0:1-events", state: "I" },
  { pid: 64, ppid: 2, comm: "jbd2/vda-8", state: "S" },
  { pid: 402, ppid: 1, comm: "sshd", rss: 8e6 },
  { pid: 517, ppid: 1, comm: "cron", rss: 3e6 },
];

/** A process row with everything a process has; what is given goes over it. */
export function processRow(row: Row): Row {
  const cpu = Number(row.cpu ?? 0);
  const system = Number(row.system ?? 0);
  return {
    state: "S",
    threads: 1,
    rss: 4e6,
    cpus_allowed: "0-1",
    cgroup: "/",
    cgroups: "/",
    user: Math.max(0, cpu - system),
    ...row,
  };
}

/** Results of `get_system_metrics` for a window. */
export function metrics(w: MachineWindow): Results {
  const cpu = (name: string, row: Row): Row => {
    const usage = Number(row.usage ?? 0.03);
    return { cpu: name, usage, user: usage, idle: 1 - usage, ...row };
  };
  const [a, b] = w.cpus ?? [{}, {}];
  const cpus = [cpu("0", a), cpu("1", b)];
  const mean = Object.fromEntries(
    ["usage", "user", "system", "iowait", "irq", "softirq", "steal", "idle"].map((k) => [
      k,
      cpus.reduce((s, c) => s + Number((c as Row)[k] ?? 0), 0) / 2,
    ]),
  );
  const pressure = w.pressure === undefined ? [0.01, 0, 0.002] : w.pressure;
  return {
    cpu: testTable("cpu", [{ cpu: "all", ...mean }, ...cpus]),
    load: testTable("load", [{
      cpus: 2,
      load1: 0.2,
      running: 0.2,
      run_delay: 0.01,
      forks: 2,
      context_switches: 900,
      interrupts: 700,
      threads: 120,
      ...w.load,
    }]),
    memory: testTable("memory", [{
      total: 8 * GIB,
      available: 6.4 * GIB,
      free: 2 * GIB,
      used: 1.6 * GIB,
      cached: 4 * GIB,
      available_ratio: 0.8,
      page_faults: 800,
      ...w.memory,
    }]),
    disks: testTable("disks", [{
      device: "vda",
      utilization: 0.01,
      queue: 0.01,
      writes: 4,
      write_bytes: 40e3,
      read_latency: null,
      flush_latency: null,
      write_latency: 400e3,
      ...w.disk,
    }]),
    network: testTable("network", [{ interface: "eth0", speed: null, utilization: null, rx_bytes: 2e3, ...w.network }]),
    tcp: testTable("tcp", [{ established: 3, segments_out: 5, ...w.tcp }]),
    pressure: testTable(
      "pressure",
      (pressure ?? []).map((some, i) => ({ resource: ["cpu", "memory", "io"][i], some, full: some / 2 })),
    ),
    cgroups: testTable("cgroups", [
      { path: "/", processes: 90, cpu: 0.1, ...NO_LIMITS, memory: 1.2 * GIB },
      ...(w.cgroups ?? []).map((r) => ({ processes: 1, ...NO_LIMITS, ...r })),
    ]),
    kernel_log: testTable("kernel_log", w.kernelLog ?? []),
  };
}

const NO_LIMITS: Row = {
  cpu_quota: null,
  throttled_ratio: null,
  memory_limit: null,
  memory_ratio: null,
  cpu_pressure: null,
  memory_pressure: null,
  io_pressure: null,
};

/** Results of `list_processes` for a window. */
export function processList(w: MachineWindow): Results {
  const rows = [...w.processes ?? [], ...QUIET_PROCESSES].map(processRow).sort((a, b) => Number(b.cpu) - Number(a.cpu));
  const seen = rows.reduce((s, r) => s + Number(r.cpu ?? 0), 0);
  return {
    processes: testTable("processes", rows),
    summary: testTable("summary", [{
      processes: rows.length,
      threads: rows.length,
      forks: 2,
      cpu_seen: seen,
      cpu_total: seen + 0.02,
      cpu_unseen: 0.02,
      own_cpu: 0.02,
      ...w.summary,
    }]),
  };
}

/** Tools over a made-up machine that answer one window after the other; the last one stays. */
export function fakeTools(
  windows: readonly MachineWindow[],
  clock: ManualClock,
  except: readonly string[] = [],
): Tool[] {
  const next = (): () => MachineWindow => {
    let i = 0;
    return () => windows[Math.min(i++, windows.length - 1)];
  };
  const last = windows[windows.length - 1];
  const topology: Results = {
    topology: testTable("topology", [{
      cpus_online: 2,
      cpus_possible: 2,
      cores: 2,
      model: "Test CPU",
      memory: 8 * GIB,
    }]),
    kernel: testTable("kernel", [{ release: "6.18.0", psi: true, cgroup_version: "hybrid", btf: true, pmu: false }]),
  };
  const secs: ToolParam = { type: "integer", default: 5, minimum: 1, description: "Seconds" };
  const metricsWindow = next();
  const processWindow = next();
  const tools: Tool[] = [
    fakeTool(clock, "get_system_metrics", { duration_secs: secs }, () => metrics(metricsWindow())),
    fakeTool(
      clock,
      "list_processes",
      { duration_secs: secs, top_n: { type: "integer", default: 20, description: "Rows" } },
      () => processList(processWindow()),
    ),
    fakeTool(clock, "get_system_topology", {}, () => topology),
    fakeTool(
      clock,
      "cpu_profile",
      {
        pid: { type: "integer", default: 0, description: "Process" },
        duration_secs: secs,
        frequency_hz: { type: "integer", default: 99, description: "Hz" },
        output_format: {
          type: "string",
          enum: ["flamegraph_svg", "folded_stacks", "top_functions"],
          default: "top_functions",
          description: "Form",
        },
      },
      () => ({
        functions: testTable(
          "functions",
          (last.profile ?? []).map((p) => ({
            function: p.top_function,
            module: p.comm,
            kind: "user",
            self: p.samples,
            total: p.samples,
          })),
        ),
        processes: testTable("profile_processes", last.profile ?? []),
      }),
      "probe",
    ),
    fakeTool(
      clock,
      "trace_processes",
      { duration_secs: secs, top_n: { type: "integer", default: 20, description: "Rows" } },
      () => {
        const commands = last.commands ?? [];
        const count = commands.reduce((s, c) => s + Number(c.count), 0);
        return {
          commands: testTable("commands", commands),
          parents: testTable(
            "parents",
            commands.map(({ parent_pid, parent_comm, count, rate, share }) => ({
              parent_pid,
              parent_comm,
              count,
              rate,
              share,
            })),
          ),
          totals: testTable("totals", [{ forks: count, execs: count, exits: count }]),
        };
      },
      "probe",
    ),
  ];
  return tools.filter((t) => !except.includes(t.name));
}

/** A tool that answers at once while the clock moves on by its window. */
export function fakeTool(
  clock: ManualClock,
  name: string,
  params: Tool["params"],
  run: (args: Parameters<Tool["run"]>[0]) => Results,
  effect: Tool["effect"] = "read",
): Tool {
  return {
    name,
    description: `Fake ${name}`,
    params,
    required: [],
    effect,
    timed: "duration_secs" in params,
    run: async (args) => {
      const end = clock.now() + Number(args.duration_secs ?? 0) * 1e9;
      await Promise.resolve();
      const results = run(args);
      clock.advanceTo(end);
      return results;
    },
  };
}
