import type { Results } from "../../core/plugin_api/mod.ts";
import type {
  CgroupStat,
  CpuTimes,
  DiskStat,
  NetDevStat,
  PressureStat,
  SoftnetStat,
} from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { cgroupTable } from "./cgroup_table.ts";
import { cpuTable, loadTable } from "./cpu_tables.ts";
import { diskTable } from "./disk_table.ts";
import { interruptTable, numaTable } from "./irq_numa_tables.ts";
import { kernelLogTable } from "./kernel_log_table.ts";
import { memoryTable } from "./memory_table.ts";
import { networkTable, tcpTable } from "./network_tables.ts";
import { pressureTable } from "./pressure_table.ts";
import { measure } from "./window.ts";

/** One look at the machine's counters. */
export interface MachineLook {
  readonly cpu: CpuTimes;
  readonly runDelayNs: number | null;
  readonly vmstat: ReadonlyMap<string, number>;
  readonly disks: readonly DiskStat[];
  readonly netDevs: readonly NetDevStat[];
  readonly net: ReadonlyMap<string, number>;
  readonly softnet: readonly SoftnetStat[];
  readonly pressure: Readonly<Record<"cpu" | "memory" | "io", PressureStat | null>>;
  readonly cgroups: readonly CgroupStat[];
  readonly interrupts: ReadonlyMap<string, readonly number[]> | null;
  readonly softirqs: ReadonlyMap<string, readonly number[]> | null;
}

/** Names of the parts of {@linkcode systemMetrics}. */
export type MetricsPart = "cpu" | "memory" | "disks" | "network" | "pressure" | "cgroups";

/** Options of {@linkcode systemMetrics}. */
export interface MetricsOptions {
  readonly durationNs: number;
  readonly numa: boolean;
  readonly irq: boolean;
  readonly signal: AbortSignal;
  /** Only these parts are read; all when absent. */
  readonly parts?: ReadonlySet<MetricsPart>;
}

/** Samples of how many tasks run and block, taken in between. */
interface QueueSamples {
  running: number;
  blocked: number;
  n: number;
}

/** The whole machine over a window: what `get_system_metrics` answers (docs/tools.md). */
export async function systemMetrics(sonde: SondeApi, options: MetricsOptions): Promise<Results> {
  const { host } = sonde;
  const wants = (part: MetricsPart): boolean => options.parts?.has(part) ?? true;
  const look = (): MachineLook => ({
    cpu: host.cpuTimes(),
    runDelayNs: wants("cpu") ? host.runDelayNs() : null,
    vmstat: wants("memory") ? host.vmstat() : new Map(),
    disks: wants("disks") ? host.disks() : [],
    netDevs: wants("network") ? host.netDevs() : [],
    net: wants("network") ? host.netCounters() : new Map(),
    softnet: wants("network") ? host.softnet() : [],
    pressure: wants("pressure")
      ? { cpu: host.pressure("cpu"), memory: host.pressure("memory"), io: host.pressure("io") }
      : { cpu: null, memory: null, io: null },
    cgroups: wants("cgroups") ? host.cgroups() : [],
    interrupts: options.irq ? host.interrupts() : null,
    softirqs: options.irq ? host.softirqs() : null,
  });
  const queue: QueueSamples = { running: 0, blocked: 0, n: 0 };
  const sample = (): void => {
    const { running, blocked } = host.cpuTimes();
    // We run ourselves while we look.
    queue.running += Math.max(0, running - 1);
    queue.blocked += blocked;
    queue.n++;
  };
  const w = await measure(sonde, look, options.durationNs, options.signal, wants("cpu") ? sample : undefined);
  if (queue.n === 0 && wants("cpu")) sample();

  const results: Record<string, Results[string]> = {};
  if (wants("cpu")) {
    results.cpu = cpuTable(sonde, w);
    results.load = loadTable(sonde, w, queue.running / queue.n, queue.blocked / queue.n);
  }
  if (wants("memory")) results.memory = memoryTable(sonde, w);
  if (wants("disks")) results.disks = diskTable(sonde, w);
  if (wants("network")) {
    results.network = networkTable(sonde, w);
    results.tcp = tcpTable(sonde, w);
  }
  if (wants("pressure")) results.pressure = pressureTable(sonde, w);
  if (wants("cgroups")) results.cgroups = cgroupTable(sonde, w);
  if (!options.parts) results.kernel_log = kernelLogTable(sonde, w);
  if (options.irq) {
    results.interrupts = interruptTable(sonde, w, "interrupts");
    results.softirqs = interruptTable(sonde, w, "softirqs");
  }
  if (options.numa) results.numa = numaTable(sonde, w);
  return results;
}
