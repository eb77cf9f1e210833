import { openReader } from "./_reader.ts";
import { readUnits } from "./_auxv.ts";
import { openCgroupIds } from "./_cgroup_ids.ts";
import { pathInMount, readCgroupLayout } from "./_cgroup_layout.ts";
import { openCgroups } from "./_cgroups.ts";
import { wholeDisks } from "./_disks.ts";
import { findTracefs, readFeatures } from "./_features.ts";
import { readKernelLog } from "./_kernel_log.ts";
import { hostPath } from "./_paths.ts";
import { openProcesses } from "./_processes.ts";
import { readNuma, readTopology } from "./_topology.ts";
import { containerId } from "./container_id.ts";
import type { Host } from "./host.ts";
import { parseBuddyInfo } from "./parse_buddyinfo.ts";
import { parseDeviceNumbers } from "./parse_device_numbers.ts";
import { parseDiskStats } from "./parse_diskstats.ts";
import { parseInterrupts } from "./parse_interrupts.ts";
import { parseKeyValues } from "./parse_key_values.ts";
import { parseLoadAvg } from "./parse_loadavg.ts";
import { parseMemInfo } from "./parse_meminfo.ts";
import { parseNetCounters } from "./parse_net_counters.ts";
import { parseNetDev } from "./parse_net_dev.ts";
import { parsePressure } from "./parse_pressure.ts";
import { parseResctrl } from "./parse_resctrl.ts";
import { parseLockStat } from "./parse_lock_stat.ts";
import { parseSchedstat } from "./parse_schedstat.ts";
import { parseSoftnet } from "./parse_softnet.ts";
import { parseStat } from "./parse_stat.ts";
import { parseTcp } from "./parse_tcp.ts";

/** A link's speed hardly changes, and some drivers ask the device under a global lock: look again after this long. */
const SPEED_AGE_MS = 60_000;

/** What stands for files of a machine. */
export interface HostOptions {
  /** A file with the kernel's type information, for kernels that have none of themselves. */
  readonly btf?: string;
}

/**
 * Opens the readers of one machine. Nothing is read before it is asked for, and nothing is held open.
 *
 * @param root directory that stands for `/`: a recorded tree. Symbolic links in it are followed
 * @param options what stands for files of the machine
 *
 * @example
 * ```ts
 * import { openHost } from "./open_host.ts";
 *
 * const host = openHost();
 * console.log(host.memInfo().available, host.processStat(1)?.comm);
 * ```
 */
export function openHost(root = "/", options: HostOptions = {}): Host {
  const reader = openReader(root);
  const text = (path: string): string => reader.text(path) ?? "";
  const units = once(() => readUnits(reader));
  const layout = once(() => readCgroupLayout(reader));
  const cgroups = once(() => openCgroups(reader, layout()));
  const cgroupIds = once(() => openCgroupIds(reader, layout().v2));
  const arch = once(() => reader.word("/proc/sys/kernel/arch") ?? Deno.build.arch);
  const processes = once(() => openProcesses(reader, units(), arch()));
  const speedOf = speeds((device) => reader.number(`/sys/class/net/${device}/speed`));

  return {
    cpuTimes: () => parseStat(text("/proc/stat"), units().ticksPerSecond),
    loadAvg: () => parseLoadAvg(text("/proc/loadavg")),
    memInfo: () => parseMemInfo(text("/proc/meminfo")),
    lockStat() {
      const found = reader.text("/proc/lock_stat");
      return found === null ? null : parseLockStat(found);
    },
    vmstat: () => parseKeyValues(text("/proc/vmstat")),
    disks: () => {
      const whole = new Set(wholeDisks(reader).map((name) => name.replaceAll("!", "/")));
      return parseDiskStats(text("/proc/diskstats")).filter((d) => whole.has(d.device));
    },
    blockDevices: () => parseDeviceNumbers(text("/proc/diskstats")),
    netDevs: () => parseNetDev(text("/proc/net/dev")).map((d) => ({ ...d, speed: speedOf(d.name) })),
    netCounters: () => parseNetCounters(text("/proc/net/snmp") + text("/proc/net/netstat")),
    softnet: () => parseSoftnet(text("/proc/net/softnet_stat")),
    tcpSockets: () => [...parseTcp(text("/proc/net/tcp")), ...parseTcp(text("/proc/net/tcp6"))],
    pressure: (resource) => parsePressure(text(`/proc/pressure/${resource}`)),
    interrupts: () => parseInterrupts(text("/proc/interrupts")),
    softirqs: () => parseInterrupts(text("/proc/softirqs")),
    runDelayNs: () => {
      const cpus = parseSchedstat(text("/proc/schedstat"));
      return cpus.length === 0 ? null : cpus.reduce((sum, cpu) => sum + cpu.waitNs, 0);
    },
    schedCpus: () => parseSchedstat(text("/proc/schedstat")),
    taskRunDelays: () => processes().taskRunDelays(),
    numa: () => readNuma(reader),
    buddyInfo: () => parseBuddyInfo(text("/proc/buddyinfo")),
    pids: () => processes().pids(),
    processStat: (pid, tid) => processes().processStat(pid, tid),
    processStatus: (pid, tid) => processes().processStatus(pid, tid),
    processIo: (pid) => processes().processIo(pid),
    processSched: (pid, tid) => processes().processSched(pid, tid),
    processCommand: (pid) => processes().processCommand(pid),
    processCgroup: (pid) => cgroups().ofProcess(pid)[0] ?? null,
    processCgroups: (pid) => cgroups().ofProcess(pid),
    threads: (pid) => processes().threads(pid),
    threadState: (pid, tid) => processes().threadState(pid, tid),
    containerOf: (cgroup) => cgroup === null ? null : containerId(cgroup),
    wchan: (pid, tid) => processes().wchan(pid, tid),
    currentSyscall: (pid, tid) => processes().currentSyscall(pid, tid),
    threadCall: (pid, tid) => processes().threadCall(pid, tid),
    maps: (pid) => processes().maps(pid),
    cgroups: () => cgroups().all(),
    cgroup: (path) => cgroups().one(path),
    cgroupPath: (id) => cgroupIds().pathOf(id),
    cgroupId: (path) => cgroupIds().idOf(path),
    perfCgroupDirectory: (path) => {
      const mount = layout().perf;
      if (mount === null || !path.startsWith("/") || path.split("/").includes("..")) return null;
      const inside = pathInMount(path, mount).replace(/\/+$/, "");
      return reader.exists(`${mount.mountPoint}${inside}`) ? reader.at(`${mount.mountPoint}${inside}`) : null;
    },
    kernelLog: (maxAgeNs) => readKernelLog(reader, maxAgeNs),
    memoryTraffic: () => {
      const data = "/sys/fs/resctrl/mon_data";
      const domains = reader.list(data).filter((name) => /^mon_L3_\d+$/.test(name));
      return parseResctrl(domains.map((name) => ({
        local: text(`${data}/${name}/mbm_local_bytes`),
        total: text(`${data}/${name}/mbm_total_bytes`),
      })));
    },
    topology: () => readTopology(reader),
    get ticksPerSecond() {
      return units().ticksPerSecond;
    },
    get pageSize() {
      return units().pageSize;
    },
    features: () => {
      const features = readFeatures(reader, layout());
      return options.btf === undefined ? features : { ...features, btf: true };
    },
    path: (what, pid) =>
      what === "btf_vmlinux" && options.btf !== undefined
        ? options.btf
        : reader.at(hostPath(what, pid, what === "tracefs" ? findTracefs(reader) : null)),
  };
}

/** A value that is made when first asked for. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Speeds of links in bytes a second. The kernel says Mbit/s; -1, 65535 or an error when the driver does not know. */
function speeds(read: (device: string) => number | null): (device: string) => number | null {
  const known = new Map<string, { speed: number | null; atMs: number }>();
  return (device) => {
    const now = performance.now();
    let entry = known.get(device);
    if (entry === undefined || now - entry.atMs > SPEED_AGE_MS) {
      const mbit = read(device);
      entry = { speed: mbit === null || mbit <= 0 || mbit === 65535 ? null : mbit * 125_000, atMs: now };
      known.set(device, entry);
    }
    return entry.speed;
  };
}
