import type { MemoryTraffic } from "./parse_resctrl.ts";
import type { LockStat } from "./parse_lock_stat.ts";
import type { SchedCpuStat } from "./parse_schedstat.ts";
import type {
  BuddyZone,
  CgroupStat,
  CpuTimes,
  DiskStat,
  KernelLogEntry,
  LoadAvg,
  MemInfo,
  MemoryMapping,
  NetDevStat,
  NumaNode,
  PressureStat,
  ProcessIo,
  ProcessSched,
  ProcessStat,
  ProcessStatus,
  SoftnetStat,
  TcpSocket,
  ThreadCall,
  Topology,
} from "./types.ts";

/**
 * Readers of one machine. All paths go through one root prefix, so that a recorded tree can stand in for a machine.
 * Readers answer null (one thing) or an empty list (many things) when the kernel does not offer it or the process is
 * gone; they throw only on programming errors. Counters are cumulative; callers take differences with `delta`.
 */
export interface Host {
  /** `/proc/stat`: all CPUs together, each CPU, and the kernel's counters. */
  cpuTimes(): CpuTimes;
  loadAvg(): LoadAvg | null;
  memInfo(): MemInfo;
  /** `/proc/lock_stat`; null on a kernel without it (CONFIG_LOCK_STAT), which nearly all are. */
  lockStat(): readonly LockStat[] | null;
  /** `/proc/vmstat` by name. */
  vmstat(): ReadonlyMap<string, number>;
  /** Whole disks only, no partitions, loop devices without backing, or ram disks. */
  disks(): DiskStat[];
  /** Names of all block devices, partitions too, by `major:minor`. */
  blockDevices(): ReadonlyMap<string, string>;
  netDevs(): NetDevStat[];
  /** `/proc/net/snmp` and `/proc/net/netstat` as `Tcp.RetransSegs`, `TcpExt.ListenOverflows`, … */
  netCounters(): ReadonlyMap<string, number>;
  softnet(): SoftnetStat[];
  /** TCP sockets over IPv4 and IPv6 of our network namespace. Costly with many: the kernel walks its hash table. */
  tcpSockets(): TcpSocket[];
  /** Null without PSI. Totals are nanoseconds. */
  pressure(resource: "cpu" | "memory" | "io" | "irq"): PressureStat | null;
  /** Interrupt counts by name (`LOC`, `36 virtio1-req.0`), at the index of their CPU. */
  interrupts(): ReadonlyMap<string, readonly number[]>;
  softirqs(): ReadonlyMap<string, readonly number[]>;
  /** Sum over CPUs of the time tasks waited on a run queue, in ns (`/proc/schedstat`); null when not built in. */
  runDelayNs(): number | null;
  /** Each CPU's line of `/proc/schedstat`; none when it is not built in. */
  schedCpus(): SchedCpuStat[];
  /**
   * Time each thread there is now has waited on a run queue since it started, in ns by thread id. For kernels without
   * {@linkcode Host.runDelayNs}: sum the increases of those that are in two looks. Costs some 10 µs a thread, and does
   * not see threads that ended in between.
   */
  taskRunDelays(): Map<number, number>;
  numa(): NumaNode[];
  buddyInfo(): BuddyZone[];
  /** All process ids there are. */
  pids(): number[];
  /** With `tid`, times and faults of one thread. Without, of all threads, but state and CPU are the main thread's. */
  processStat(pid: number, tid?: number): ProcessStat | null;
  /** Without `tid`, context switches are those of the main thread only: the kernel keeps no sum. */
  processStatus(pid: number, tid?: number): ProcessStatus | null;
  /** Null without permission or when gone. */
  processIo(pid: number): ProcessIo | null;
  /**
   * With `tid`, that thread (the main one when it equals `pid`, the cheapest). Without, the sum over the threads there
   * are now: it goes down when one ends, so take differences with `delta` or thread by thread.
   */
  processSched(pid: number, tid?: number): ProcessSched | null;
  /**
   * Command line with arguments joined by spaces, control characters kept, cut after 4 KiB; empty for kernel threads
   * and zombies.
   */
  processCommand(pid: number): string;
  /**
   * Path of the process's cgroup: v2's if it has controllers, else the first of the v1 hierarchies `memory`, `cpu`,
   * `cpuacct`, `blkio` and the v2 one without controllers in which it is not in the root.
   */
  processCgroup(pid: number): string | null;
  /** All paths at which {@linkcode Host.cgroups} may list the process: with v1 each hierarchy may have another. */
  processCgroups(pid: number): string[];
  /** Memory mappings; empty when gone or not permitted. */
  maps(pid: number): MemoryMapping[];
  threads(pid: number): number[];
  /** State letter of one thread (`R`, `S`, `D`, …), or null when it is gone. */
  threadState(pid: number, tid: number): string | null;
  /** Id of the container that a cgroup path belongs to, by its naming; null for none. */
  containerOf(cgroup: string | null): string | null;
  /** Kernel function a thread waits in, or null. */
  wchan(pid: number, tid?: number): string | null;
  /** Name of the system call a thread is in (`/proc/PID/syscall`), or null. */
  currentSyscall(pid: number, tid?: number): string | null;
  /** The system call a thread is in with its arguments; null when in none, gone or not permitted. */
  threadCall(pid: number, tid: number): ThreadCall | null;
  /**
   * Every cgroup with its figures, over v1 and v2, parents first; `path` is relative to the hierarchy's mount. Where
   * CPU time, memory, I/O and pressure have not moved since the last look, other figures and limits may be 10 s old.
   */
  cgroups(): CgroupStat[];
  cgroup(path: string): CgroupStat | null;
  /** Path of a cgroup of version 2 by the kernel's number for it, relative to the mount; null when it is gone. */
  cgroupPath(id: number): string | null;
  /** The kernel's number of a cgroup of version 2; null when there is none of this path. */
  cgroupId(path: string): number | null;
  /**
   * The directory whose descriptor tells perf events a cgroup (PERF_FLAG_PID_CGROUP); null when the hierarchy that they
   * go by has none of this path: with v1 each may have other groups.
   */
  perfCgroupDirectory(path: string): string | null;
  /** Entries of the last `maxAgeNs` nanoseconds that matter to performance, oldest first; null without permission. */
  kernelLog(maxAgeNs: number): KernelLogEntry[] | null;
  topology(): Topology;
  /** Memory traffic of all CPUs, where the processor monitors it and resctrl is mounted; else null. */
  memoryTraffic(): MemoryTraffic | null;
  /** Clock ticks a second of `ProcessStat` times (USER_HZ). */
  readonly ticksPerSecond: number;
  readonly pageSize: number;
  /** What the kernel offers, by looking: no probing that needs privilege. */
  features(): HostFeatures;
  /** A path under the root prefix, for rooms that may not name it: `path("kallsyms")`, `path("pid_maps", 12)`. */
  path(what: HostPath, pid?: number): string;
}

/** What the kernel offers. */
export interface HostFeatures {
  readonly release: string;
  readonly psi: boolean;
  readonly cgroup: "v1" | "v2" | "hybrid" | "none";
  readonly btf: boolean;
  readonly pmu: boolean;
  readonly tracefs: string | null;
  readonly perfEventParanoid: number | null;
  readonly unprivilegedBpfDisabled: number | null;
  readonly kptrRestrict: number | null;
  /** Effective capabilities of this process as a bit set. */
  readonly capabilities: bigint;
  readonly uid: number;
}

/** Files that other rooms read themselves. */
export type HostPath =
  | "kallsyms"
  | "modules"
  | "boot_id"
  | "btf_vmlinux"
  | "btf_modules"
  | "net_class"
  | "tracefs"
  | "pid_maps"
  | "pid_root"
  | "pid_exe"
  | "pid_comm"
  | "pid_task"
  | "pid_fd"
  | "pid_cwd"
  | "pid_ns_pid"
  | "pid_ns_net"
  | "pid_map_files"
  | "pid_mem"
  | "self_stat"
  | "kernel_notes"
  | "cpu_possible"
  | "cpu_online"
  | "perf_event_paranoid"
  | "event_source";
