import type { Field, Results } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";

const f = (name: string, type: Field["type"], unit: Field["unit"], doc: string): Field => ({ name, type, unit, doc });
const int = (name: string, doc: string): Field => f(name, "int", "count", doc);
const text = (name: string, doc: string): Field => f(name, "string", null, doc);
const bytes = (name: string, doc: string): Field => f(name, "bytes", "bytes", doc);
const bool = (name: string, doc: string): Field => f(name, "bool", null, doc);

const TOPOLOGY_FIELDS = [
  int("cpus_online", "CPUs online"),
  int("cpus_possible", "CPUs the kernel prepared for"),
  int("sockets", "Packages"),
  int("cores", "Cores"),
  int("threads_per_core", "Hardware threads a core"),
  int("numa_nodes", "NUMA nodes"),
  text("model", "Processor"),
  text("arch", "Architecture"),
  text("clocksource", "Clock source in use"),
  text("hypervisor", "Hypervisor; null on bare metal or unknown"),
  f("mhz_max", "float", null, "Highest frequency, MHz; null when not told"),
  text("governor", "Frequency governor; null when not told"),
  bytes("memory", "Usable memory"),
];
const CACHE_FIELDS = [
  int("level", "Level"),
  text("kind", "Data, Instruction or Unified"),
  bytes("size", "Size"),
  bytes("line", "Line size"),
  text("shared_by", "CPUs that share it"),
];
const NODE_FIELDS = [int("node", "NUMA node"), text("cpus", "Its CPUs"), bytes("memory", "Its memory")];
const DISK_FIELDS = [
  text("device", "Whole disk"),
  bool("rotational", "Whether it says that it spins"),
  text("scheduler", "I/O scheduler"),
  bytes("size", "Capacity"),
];
const KERNEL_FIELDS = [
  text("release", "Kernel release"),
  bool("psi", "Pressure stall information"),
  text("cgroup_version", "v1, v2 or hybrid"),
  bool("btf", "Type information for BPF"),
  bool("pmu", "Hardware counters"),
];

/** The machine's shape: what `get_system_topology` answers (docs/tools.md). */
export function systemTopology(sonde: SondeApi): Results {
  const { data, host } = sonde;
  const t = host.topology();
  const k = host.features();
  const table = data.tableFromRows;
  return {
    topology: table(TOPOLOGY_FIELDS, [[
      t.cpusOnline,
      t.cpusPossible,
      t.sockets,
      t.cores,
      t.threadsPerCore,
      t.nodes.length,
      t.model,
      t.arch,
      t.clocksource,
      t.hypervisor,
      t.mhzMax,
      t.governor,
      host.memInfo().total,
    ]]),
    caches: table(CACHE_FIELDS, t.caches.map((c) => [c.level, c.kind, c.size, c.line, c.sharedBy])),
    nodes: table(NODE_FIELDS, t.nodes.map((n) => [n.node, n.cpus, n.memory])),
    disks: table(DISK_FIELDS, t.disks.map((d) => [d.device, d.rotational, d.scheduler, d.size])),
    kernel: table(KERNEL_FIELDS, [[k.release, k.psi, k.cgroup, k.btf, k.pmu]]),
  };
}
