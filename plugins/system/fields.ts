import type { Field } from "../../core/plugin_api/mod.ts";

/**
 * The fields of every table that `get_system_metrics` and the `system.*` collectors answer, so that the language can
 * check them before anything runs. Plain data: a plugin has no constructors before it is handed them.
 */
const f = (name: string, type: Field["type"], unit: Field["unit"], doc: string): Field => ({ name, type, unit, doc });
const ratio = (name: string, doc: string): Field => f(name, "ratio", "ratio", doc);
const events = (name: string, doc: string): Field => f(name, "rate", "events/s", doc);
const bytesPerS = (name: string, doc: string): Field => f(name, "rate", "bytes/s", doc);
const bytes = (name: string, doc: string): Field => f(name, "bytes", "bytes", doc);
const int = (name: string, doc: string): Field => f(name, "int", "count", doc);
const duration = (name: string, doc: string): Field => f(name, "duration", "ns", doc);
const text = (name: string, doc: string): Field => f(name, "string", null, doc);
const float = (name: string, doc: string): Field => f(name, "float", null, doc);

export const CPU_FIELDS: readonly Field[] = [
  text("cpu", "CPU number, or `all` for the mean"),
  ratio("usage", "Time not idle and not waiting for I/O"),
  ratio("user", "User code, nice included"),
  ratio("nice", "User code of niced processes"),
  ratio("system", "Kernel code"),
  ratio("iowait", "Idle while I/O was outstanding: a hint, not a measure"),
  ratio("irq", "Interrupt handlers"),
  ratio("softirq", "Deferred interrupt work"),
  ratio("steal", "Taken by the hypervisor"),
  ratio("guest", "Running guests"),
  ratio("idle", "Idle, I/O wait excluded"),
];

export const LOAD_FIELDS: readonly Field[] = [
  int("cpus", "Online CPUs"),
  float("load1", "Load average over 1 min"),
  float("load5", "Load average over 5 min"),
  float("load15", "Load average over 15 min"),
  float("running", "Runnable tasks, mean over the window, sonde left out"),
  float("blocked", "Tasks waiting for I/O, mean over the window"),
  ratio("run_delay", "Time tasks waited for a CPU, in CPUs"),
  events("forks", "Processes and threads created"),
  events("context_switches", "Context switches"),
  events("interrupts", "Interrupts"),
  int("threads", "Threads there are"),
];

export const MEMORY_FIELDS: readonly Field[] = [
  bytes("total", "Usable memory"),
  bytes("available", "Available without swapping (estimate of the kernel)"),
  bytes("free", "Unused"),
  bytes("used", "Total less available"),
  bytes("cached", "Page cache and tmpfs"),
  bytes("dirty", "Waiting to be written back"),
  bytes("writeback", "Being written back"),
  bytes("slab_reclaimable", "Kernel caches that can be dropped"),
  bytes("swap_total", "Swap space"),
  bytes("swap_free", "Swap space unused"),
  ratio("available_ratio", "Available / total"),
  bytesPerS("swap_in", "Read from swap"),
  bytesPerS("swap_out", "Written to swap"),
  bytesPerS("page_in", "Read from disk by the page cache"),
  bytesPerS("page_out", "Written to disk by the page cache"),
  events("page_faults", "All page faults"),
  events("major_faults", "Page faults that needed I/O"),
  events("refaults_file", "File pages read again soon after eviction"),
  events("refaults_anon", "Anonymous pages swapped in again soon after eviction"),
  events("direct_reclaim", "Pages that allocating tasks had to reclaim themselves"),
  int("oom_kills", "Processes killed for lack of memory in the window"),
];

export const DISK_FIELDS: readonly Field[] = [
  text("device", "Whole disk"),
  bytesPerS("read_bytes", "Read"),
  bytesPerS("write_bytes", "Written"),
  events("reads", "Reads completed"),
  events("writes", "Writes completed"),
  events("flushes", "Cache flushes completed"),
  ratio("utilization", "Time with at least one request in flight"),
  float("queue", "Requests in flight, mean"),
  duration("read_latency", "Mean time of a read, queue included"),
  duration("write_latency", "Mean time of a write, queue included"),
  duration("flush_latency", "Mean time of a flush"),
  int("in_flight", "Requests in flight at the end"),
];

export const NETWORK_FIELDS: readonly Field[] = [
  text("interface", "Interface"),
  bytesPerS("rx_bytes", "Received"),
  bytesPerS("tx_bytes", "Sent"),
  events("rx_packets", "Received"),
  events("tx_packets", "Sent"),
  events("rx_errors", "Receive errors"),
  events("tx_errors", "Send errors"),
  events("rx_drops", "Dropped on receive"),
  events("tx_drops", "Dropped on send"),
  bytesPerS("speed", "Speed of the link; null when the driver does not say"),
  ratio("utilization", "The busier direction / speed"),
];

export const TCP_FIELDS: readonly Field[] = [
  int("established", "Connections established"),
  events("segments_out", "Segments sent"),
  events("retransmits", "Segments sent again"),
  events("resets_out", "Resets sent"),
  events("listen_overflows", "Connections refused for a full accept queue"),
  events("listen_drops", "Connection requests dropped"),
  ratio("retransmit_ratio", "Retransmits / segments sent"),
  events("softnet_drops", "Packets dropped for a full backlog"),
  events("softnet_squeezes", "Receive rounds that ran out of budget"),
];

export const PRESSURE_FIELDS: readonly Field[] = [
  text("resource", "cpu, memory or io"),
  ratio("some", "Time at least one task waited for it"),
  ratio("full", "Time all tasks waited for it"),
  ratio("some_avg10", "Kernel's 10 s average of `some`"),
  ratio("full_avg10", "Kernel's 10 s average of `full`"),
];

export const CGROUP_FIELDS: readonly Field[] = [
  text("path", "Path in the hierarchy"),
  text("container", "Container id, from the path"),
  int("processes", "Processes in it"),
  ratio("cpu", "CPUs used"),
  ratio("cpu_quota", "CPUs allowed; null without quota"),
  int("periods", "Enforcement periods in the window"),
  int("throttled_periods", "Periods in which it was throttled"),
  ratio("throttled_ratio", "Throttled periods / periods"),
  duration("throttled_time", "Time throttled, over all CPUs"),
  bytes("memory", "Memory charged"),
  bytes("memory_limit", "Limit that applies; null without"),
  ratio("memory_ratio", "Memory / limit"),
  bytesPerS("memory_growth", "Growth of the charge"),
  bytes("anon", "Anonymous memory"),
  bytes("file", "Page cache"),
  int("limit_hits", "Times the limit was met in the window"),
  int("oom_kills", "Processes killed at the limit in the window"),
  events("refaults", "Pages read again soon after eviction"),
  events("major_faults", "Page faults that needed I/O"),
  bytesPerS("io_read", "Read from disks"),
  bytesPerS("io_write", "Written to disks"),
  ratio("cpu_pressure", "PSI some; null on cgroup v1"),
  ratio("memory_pressure", "PSI some; null on cgroup v1"),
  ratio("io_pressure", "PSI some; null on cgroup v1"),
];

export const KERNEL_LOG_FIELDS: readonly Field[] = [
  duration("age", "How long ago"),
  text("kind", "oom_kill, hung_task, thermal_throttle, io_error, …"),
  f("pid", "pid", null, "Process it names, if any"),
  text("comm", "Command it names, if any"),
  text("message", "The kernel's words"),
];

export const INTERRUPT_FIELDS: readonly Field[] = [
  text("name", "Interrupt"),
  events("rate", "On all CPUs"),
  ratio("cpu_share", "Share of the CPU that handled most"),
];

export const NUMA_FIELDS: readonly Field[] = [
  int("node", "NUMA node"),
  bytes("total", "Memory of the node"),
  bytes("free", "Unused; null when the node does not say"),
  events("local", "Pages allocated by tasks running on the node"),
  events("remote", "Pages allocated on it by tasks running elsewhere"),
];

export const PROCESS_FIELDS: readonly Field[] = [
  f("pid", "pid", null, "Process"),
  f("ppid", "pid", null, "Parent"),
  text("comm", "Command name"),
  text("state", "State at the end: R, S, D, T, Z, I"),
  ratio("cpu", "CPU used; one CPU is 1.0"),
  ratio("user", "CPU used in user code"),
  ratio("system", "CPU used in the kernel"),
  int("threads", "Threads"),
  bytes("rss", "Resident memory"),
  bytesPerS("rss_growth", "Growth of resident memory"),
  bytesPerS("read_bytes", "Read from storage"),
  bytesPerS("write_bytes", "Written to storage"),
  events("read_syscalls", "read-like system calls"),
  events("write_syscalls", "write-like system calls"),
  events("minor_faults", "Page faults without I/O"),
  events("major_faults", "Page faults with I/O"),
  events("voluntary_switches", "Times it gave up the CPU"),
  events("involuntary_switches", "Times the CPU was taken from it"),
  ratio("run_delay", "Time its threads waited for a CPU, summed: over 1 when several wait"),
  ratio("blocked", "Share of looks at which a thread was in uninterruptible sleep"),
  text("wait", "What it most often waited in while blocked: system call / kernel function"),
  text("cpus_allowed", "CPUs it may run on"),
  f("cpu_last", "int", null, "CPU it last ran on"),
  text("cgroup", "Control group"),
  text("container", "Container id, from the cgroup"),
  text("command", "Command line"),
  ratio("children_cpu", "CPU of children that were reaped in the window"),
  events("children_faults", "Page faults of children that were reaped in the window"),
  f("uid", "int", null, "Real user id"),
  text("cgroups", "All its control groups, comma-separated: with cgroup v1 each hierarchy may have another"),
];

export const SUMMARY_FIELDS: readonly Field[] = [
  int("processes", "Processes there are"),
  int("threads", "Threads there are"),
  int("running", "Processes in state R at the end"),
  int("blocked", "Processes in state D at the end"),
  events("started", "Processes that a look at the end saw and one at the start did not"),
  events("exited", "Processes that a look at the start saw and one at the end did not"),
  events("forks", "Processes and threads created (the kernel's counter)"),
  ratio("cpu_seen", "CPU of all processes seen, in CPUs"),
  ratio("cpu_total", "CPU used by tasks, in CPUs; interrupts left out"),
  ratio("cpu_unseen", "Total less seen, sonde left out: short-lived processes"),
  ratio("own_cpu", "CPU used by sonde itself"),
];
