import type { Batch, Field, Quality, Table } from "../../core/plugin_api/mod.ts";
import type { ParamSpec, RowsCollector, RowStream, SondeApi } from "../../core/plugin_api/mod.ts";
import {
  CGROUP_FIELDS,
  CPU_FIELDS,
  DISK_FIELDS,
  LOAD_FIELDS,
  MEMORY_FIELDS,
  NETWORK_FIELDS,
  PRESSURE_FIELDS,
  PROCESS_FIELDS,
  TCP_FIELDS,
} from "./fields.ts";
import { type MetricsPart, systemMetrics } from "./metrics.ts";
import { processList } from "./process_table.ts";

const INTERVAL: ParamSpec = {
  name: "interval",
  type: "duration",
  default: 1_000_000_000,
  doc: "Rates are taken over this long",
};

/** A stream of one table. */
function single(table: Table): RowStream {
  return {
    async *batches(): AsyncIterable<Batch> {
      yield table;
    },
    quality: (): Quality => table.quality,
    [Symbol.dispose](): void {},
  };
}

/** The collectors `proc.list` and `system.*`: the tables of the tools, for recipes. */
export function systemCollectors(sonde: SondeApi): RowsCollector[] {
  const part = (
    name: string,
    doc: string,
    part: MetricsPart,
    result: string,
    fields: readonly Field[],
  ): RowsCollector => ({
    kind: "rows",
    name,
    doc,
    params: [INTERVAL],
    window: "interval",
    fields,
    async rows({ params }, { signal }) {
      const results = await systemMetrics(sonde, {
        durationNs: Number(params.interval),
        numa: false,
        irq: false,
        signal,
        parts: new Set([part]),
      });
      return single(results[result] as Table);
    },
  });
  return [
    {
      kind: "rows",
      name: "proc.list",
      doc: "Processes with CPU, memory, I/O, waits and limits over an interval",
      params: [
        INTERVAL,
        { name: "pid", type: "pid", default: 0, doc: "Only this process; 0 is all" },
      ],
      window: "interval",
      fields: PROCESS_FIELDS,
      async rows({ params }, { signal }) {
        const results = await processList(sonde, {
          durationNs: Number(params.interval),
          sortBy: "cpu",
          topN: Infinity,
          pid: Number(params.pid) || undefined,
          signal,
        });
        return single(results.processes as Table);
      },
    },
    part("system.cpu", "Each CPU's time by kind, over an interval", "cpu", "cpu", CPU_FIELDS),
    part("system.load", "Run queue, blocked tasks, switches, forks", "cpu", "load", LOAD_FIELDS),
    part("system.memory", "Memory in use, paging, reclaim", "memory", "memory", MEMORY_FIELDS),
    part("system.disks", "Each disk's throughput, latency, utilisation", "disks", "disks", DISK_FIELDS),
    part("system.network", "Each interface's throughput, errors, drops", "network", "network", NETWORK_FIELDS),
    part("system.tcp", "TCP retransmits, resets, full queues", "network", "tcp", TCP_FIELDS),
    part("system.pressure", "Pressure stall information", "pressure", "pressure", PRESSURE_FIELDS),
    part("system.cgroups", "Control groups: use, limits, throttling, pressure", "cgroups", "cgroups", CGROUP_FIELDS),
  ];
}
