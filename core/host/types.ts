/** Times of one CPU in nanoseconds since boot (`/proc/stat`, proc_stat(5)). */
export interface CpuTime {
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
  /** Included in `user`. */
  readonly guest: number;
  /** Included in `nice`. */
  readonly guestNice: number;
}

/** `/proc/stat`. */
export interface CpuTimes {
  readonly all: CpuTime;
  /** By CPU number; offline CPUs are absent. */
  readonly cpus: ReadonlyMap<number, CpuTime>;
  readonly contextSwitches: number;
  readonly interrupts: number;
  readonly forks: number;
  readonly running: number;
  readonly blocked: number;
  /** Seconds since 1970. */
  readonly bootTimeS: number;
}

/** `/proc/loadavg`. */
export interface LoadAvg {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly runnable: number;
  readonly threads: number;
}

/** `/proc/meminfo` in bytes. */
export interface MemInfo {
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly buffers: number;
  readonly cached: number;
  readonly dirty: number;
  readonly writeback: number;
  readonly slabReclaimable: number;
  readonly swapTotal: number;
  readonly swapFree: number;
  /** Every line by its own name, in bytes (or a count where the file has no unit). */
  readonly all: ReadonlyMap<string, number>;
}

/** One line of `/proc/diskstats` (Documentation/admin-guide/iostats.rst); times in nanoseconds. */
export interface DiskStat {
  readonly device: string;
  readonly reads: number;
  readonly readBytes: number;
  readonly readTimeNs: number;
  readonly writes: number;
  readonly writeBytes: number;
  readonly writeTimeNs: number;
  readonly inFlight: number;
  readonly busyNs: number;
  /** Time weighted by requests in flight. */
  readonly queueNs: number;
  /** 0 before Linux 5.5. */
  readonly flushes: number;
  readonly flushTimeNs: number;
}

/** One line of `/proc/net/dev`. */
export interface NetDevStat {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDrops: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDrops: number;
  /** Bytes a second, null when the driver does not say. */
  readonly speed: number | null;
}

/** One CPU of `/proc/net/softnet_stat`. */
export interface SoftnetStat {
  readonly cpu: number;
  readonly processed: number;
  readonly dropped: number;
  readonly timeSqueezed: number;
}

/** One file of `/proc/pressure` (Documentation/accounting/psi.rst). */
export interface PressureStat {
  readonly some: PressureLine;
  readonly full: PressureLine | null;
}

/** Averages are ratios 0–1; the total is in nanoseconds. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalNs: number;
}

/** `/proc/PID/stat` (proc_pid_stat(5)). Times in nanoseconds, sizes in bytes. */
export interface ProcessStat {
  readonly pid: number;
  /** As the kernel has it: may hold spaces, parentheses, newlines, escape sequences. */
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly flags: number;
  readonly minorFaults: number;
  readonly childMinorFaults: number;
  readonly majorFaults: number;
  readonly childMajorFaults: number;
  readonly userNs: number;
  readonly systemNs: number;
  readonly childUserNs: number;
  readonly childSystemNs: number;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  /** Clock ticks since boot: with the pid, the identity of a process. */
  readonly startTicks: number;
  readonly virtualBytes: number;
  readonly rss: number;
  readonly processor: number;
  /** Time waited for block I/O, ns; 0 unless delay accounting is on. */
  readonly blockIoDelayNs: number;
  readonly kernelThread: boolean;
}

/** What is used of `/proc/PID/status`. */
export interface ProcessStatus {
  /** The process that a thread belongs to. */
  readonly tgid: number;
  /** The process that traces it (ptrace(2)); 0 for none. */
  readonly tracerPid: number;
  readonly uid: number;
  readonly cpusAllowed: string;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  /** Exact resident size (`/proc/PID/stat` has one that may lag by some pages per CPU); null for kernel threads. */
  readonly rss: number | null;
  readonly rssAnon: number;
  readonly rssFile: number;
  readonly swap: number;
  readonly nsPid: readonly number[];
}

/** A TCP socket of `/proc/net/tcp` or `tcp6` (proc_net_tcp(5)). */
export interface TcpSocket {
  /** Written as in `ss -n`: `127.0.0.1`, `::1`. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** `ESTABLISHED`, `LISTEN`, … as in include/net/tcp_states.h. */
  readonly state: string;
  /** Bytes not yet acknowledged; of a listening socket always 0. */
  readonly sendQueue: number;
  /** Bytes not yet read; of a listening socket, connections that wait for accept(2). */
  readonly receiveQueue: number;
  readonly retransmits: number;
  readonly inode: number;
}

/** A NUMA node and its counters (`/sys/devices/system/node`; Documentation/admin-guide/numastat.rst). */
export interface NumaNode {
  readonly node: number;
  /** CPU list, such as `0-7`. */
  readonly cpus: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Pages allocated here by a process that ran here. */
  readonly localPages: number;
  /** Pages allocated here by a process that ran on another node. */
  readonly remotePages: number;
  /** Pages meant for another node that was full. */
  readonly missPages: number;
  /** Pages meant for this node that went elsewhere. */
  readonly foreignPages: number;
}

/** Free blocks of one memory zone by order (`/proc/buddyinfo`, proc_buddyinfo(5)). */
export interface BuddyZone {
  readonly node: number;
  readonly zone: string;
  /** `free[n]`: free blocks of 2^n pages. */
  readonly free: readonly number[];
}

/** One line of `/proc/PID/maps` (proc_pid_maps(5)). */
export interface MemoryMapping {
  /** User addresses are below 2^57 and often above 2^53. */
  readonly start: bigint;
  readonly end: bigint;
  /** `r-xp` and the like. */
  readonly permissions: string;
  readonly offset: bigint;
  /** `major:minor` in hexadecimal, as written. */
  readonly device: string;
  readonly inode: number;
  /** As the kernel writes it (a newline is `\012`); empty for anonymous memory; ` (deleted)` is kept. */
  readonly path: string;
}

/** `/proc/PID/io`. */
export interface ProcessIo {
  readonly readChars: number;
  readonly writeChars: number;
  readonly readSyscalls: number;
  readonly writeSyscalls: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly cancelledWriteBytes: number;
}

/** `/proc/PID/syscall` of a thread that is blocked in a system call (proc_pid_syscall(5)). */
export interface ThreadCall {
  /** Null when the number has no name here. */
  readonly name: string | null;
  /** The six registers of arguments; those that the call does not take hold anything. */
  readonly args: readonly bigint[];
}

/** `/proc/PID/schedstat` in nanoseconds. */
export interface ProcessSched {
  readonly runNs: number;
  readonly waitNs: number;
  readonly slices: number;
}

/**
 * Figures of one cgroup with all below it; null where the hierarchy has no such controller. Times in ns, sizes in
 * bytes. Periods are its own, and so are limit hits and OOM kills in version 1.
 */
export interface CgroupStat {
  readonly path: string;
  readonly version: 1 | 2;
  /** Id of the container it belongs to, by the naming of docker, containerd, podman, Kubernetes. */
  readonly container: string | null;
  /** Processes in it and below. */
  readonly processes: number;
  readonly cpuNs: number | null;
  /** CPUs allowed by this cgroup's own limit (quota / period), which the periods below count; null for none. */
  readonly cpuQuota: number | null;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
  readonly memory: number | null;
  /** The lowest hard limit of this cgroup and of those above it that can be seen; null for none. */
  readonly memoryLimit: number | null;
  /** v2 `memory.high`, the lowest that applies: above it tasks are slowed down; null for none. */
  readonly memoryHigh: number | null;
  readonly anon: number | null;
  readonly file: number | null;
  /** Times the limit was met (v2 `memory.events` max, v1 `memory.failcnt` and `memory.memsw.failcnt`). */
  readonly limitHits: number;
  readonly oomKills: number;
  readonly refaults: number | null;
  readonly majorFaults: number | null;
  readonly ioReadBytes: number | null;
  readonly ioWriteBytes: number | null;
  readonly pressure: {
    readonly cpu: PressureStat | null;
    readonly memory: PressureStat | null;
    readonly io: PressureStat | null;
  };
}

/** An entry of the kernel's log that matters to performance. */
export interface KernelLogEntry {
  readonly ageNs: number;
  readonly kind:
    | "oom_kill"
    | "hung_task"
    | "soft_lockup"
    | "rcu_stall"
    | "thermal_throttle"
    | "io_error"
    | "fs_error"
    | "mce"
    | "nic"
    | "tcp_overflow"
    | "memory_failure"
    | "allocation_failure"
    | "clocksource"
    | "split_lock";
  readonly pid: number | null;
  readonly comm: string | null;
  readonly message: string;
}

/** The machine's shape. */
export interface Topology {
  readonly cpusOnline: number;
  readonly cpusPossible: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threadsPerCore: number;
  readonly model: string;
  readonly arch: string;
  readonly hypervisor: string | null;
  readonly clocksource: string | null;
  readonly governor: string | null;
  readonly mhzMax: number | null;
  /** Mean over CPUs of what they run at now; null where the kernel does not say. */
  readonly mhzNow: number | null;
  readonly nodes: readonly { readonly node: number; readonly cpus: string; readonly memory: number }[];
  readonly caches: readonly {
    readonly level: number;
    readonly kind: string;
    readonly size: number;
    readonly line: number;
    readonly sharedBy: string;
  }[];
  readonly disks: readonly {
    readonly device: string;
    readonly rotational: boolean;
    readonly scheduler: string;
    readonly size: number;
  }[];
}
