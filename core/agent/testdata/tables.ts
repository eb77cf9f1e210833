import { type Field, field, type FieldType, type Table, tableFromRows, type Unit } from "../../data/mod.ts";

/** Fields of the tools' results by table, as docs/tools.md has them: `name:type`, rates with their unit. */
const TABLES: { readonly [table: string]: string } = {
  cpu: "cpu:string usage:ratio user:ratio nice:ratio system:ratio iowait:ratio irq:ratio softirq:ratio steal:ratio " +
    "guest:ratio idle:ratio",
  load: "cpus:count load1:float load5:float load15:float running:float blocked:float run_delay:ratio forks:events/s " +
    "context_switches:events/s interrupts:events/s threads:count",
  memory: "total:bytes available:bytes free:bytes used:bytes cached:bytes dirty:bytes writeback:bytes " +
    "slab_reclaimable:bytes swap_total:bytes swap_free:bytes available_ratio:ratio swap_in:bytes/s swap_out:bytes/s " +
    "page_in:bytes/s page_out:bytes/s page_faults:events/s major_faults:events/s refaults_file:events/s " +
    "refaults_anon:events/s direct_reclaim:events/s oom_kills:count",
  disks: "device:string read_bytes:bytes/s write_bytes:bytes/s reads:events/s writes:events/s flushes:events/s " +
    "utilization:ratio queue:float read_latency:duration write_latency:duration flush_latency:duration in_flight:count",
  network: "interface:string rx_bytes:bytes/s tx_bytes:bytes/s rx_packets:events/s tx_packets:events/s " +
    "rx_errors:events/s tx_errors:events/s rx_drops:events/s tx_drops:events/s speed:bytes/s utilization:ratio",
  tcp: "established:count segments_out:events/s retransmits:events/s resets_out:events/s listen_overflows:events/s " +
    "listen_drops:events/s retransmit_ratio:ratio softnet_drops:events/s softnet_squeezes:events/s",
  pressure: "resource:string some:ratio full:ratio some_avg10:ratio full_avg10:ratio",
  cgroups: "path:string container:string processes:count cpu:ratio cpu_quota:ratio periods:count " +
    "throttled_periods:count throttled_ratio:ratio throttled_time:duration memory:bytes memory_limit:bytes " +
    "memory_ratio:ratio memory_growth:bytes/s anon:bytes file:bytes limit_hits:count oom_kills:count " +
    "refaults:events/s major_faults:events/s io_read:bytes/s io_write:bytes/s cpu_pressure:ratio " +
    "memory_pressure:ratio io_pressure:ratio",
  kernel_log: "age:duration kind:string pid:pid comm:string message:string",
  processes: "pid:pid ppid:pid comm:string state:string cpu:ratio user:ratio system:ratio threads:count rss:bytes " +
    "rss_growth:bytes/s read_bytes:bytes/s write_bytes:bytes/s read_syscalls:events/s write_syscalls:events/s " +
    "minor_faults:events/s major_faults:events/s voluntary_switches:events/s involuntary_switches:events/s " +
    "run_delay:ratio blocked:ratio wait:string cpus_allowed:string cpu_last:int cgroup:string container:string " +
    "command:string children_cpu:ratio children_faults:events/s uid:int cgroups:string",
  summary: "processes:count threads:count running:count blocked:count started:events/s exited:events/s " +
    "forks:events/s cpu_seen:ratio cpu_total:ratio cpu_unseen:ratio own_cpu:ratio",
  topology: "cpus_online:count cpus_possible:count sockets:count cores:count threads_per_core:count " +
    "numa_nodes:count model:string arch:string clocksource:string hypervisor:string mhz_max:float governor:string " +
    "memory:bytes",
  kernel: "release:string psi:bool cgroup_version:string btf:bool pmu:bool",
  functions: "function:string module:string kind:string self:count total:count self_ratio:ratio total_ratio:ratio",
  profile_processes: "pid:pid comm:string samples:count share:ratio kernel_share:ratio top_function:string",
  commands: "comm:string parent_pid:pid parent_comm:string count:count rate:events/s lifetime_p50:duration " +
    "lifetime_p99:duration cpu:ratio share:ratio",
  parents: "parent_pid:pid parent_comm:string count:count rate:events/s share:ratio",
  totals: "forks:count execs:count exits:count exec_rate:events/s exit_rate:events/s",
};

/** The fields of a table of {@linkcode testTable}. */
export function testFields(table: string): Field[] {
  return TABLES[table].split(" ").map((spec) => {
    const [name, type] = spec.split(":");
    if (type === "count") return field(name, "int", undefined, "count");
    if (type.endsWith("/s")) return field(name, "rate", undefined, type as Unit);
    return field(name, type as FieldType);
  });
}

/** A table with the fields of a tool's result; what a row does not say is 0, or null for text. */
export function testTable(table: string, rows: readonly { readonly [field: string]: unknown }[]): Table {
  const fields = testFields(table);
  for (const row of rows) {
    const strange = Object.keys(row).find((k) => !fields.some((f) => f.name === k));
    if (strange !== undefined) throw new RangeError(`${table} has no field "${strange}"`);
  }
  return tableFromRows(
    fields,
    rows.map((r) => fields.map((f) => f.name in r ? r[f.name] : f.type === "string" ? null : 0)),
  );
}
