/** Processes, the machine's metrics, its shape. @module */
import type { Plugin, SondeApi } from "../../core/plugin_api/mod.ts";
import { systemCollectors } from "./collectors.ts";
import { systemMetrics } from "./metrics.ts";
import { processList } from "./process_table.ts";
import { systemTopology } from "./topology.ts";

const NS_PER_S = 1e9;

export default function system(sonde: SondeApi): Plugin {
  return {
    name: "system",
    version: "1.0.0",
    doc: "Processes, system metrics and topology from procfs, sysfs and cgroups",
    collectors: systemCollectors(sonde),
    tools: [
      {
        name: "list_processes",
        description:
          "Processes with CPU, memory, I/O, run-queue delay and what they wait in, over a window; and a summary that " +
          "tells how much CPU no listed process accounts for (short-lived ones).",
        params: {
          sort_by: {
            type: "string",
            enum: ["cpu", "memory", "pid", "name"],
            default: "cpu",
            description: "Order of rows",
          },
          top_n: { type: "integer", default: 20, minimum: 1, maximum: 100000, description: "How many rows" },
          filter_pid: { type: "integer", minimum: 1, description: "Only this process" },
          duration_secs: {
            type: "number",
            default: 1,
            minimum: 0.05,
            maximum: 3600,
            description: "Rates are taken over this many seconds",
          },
        },
        required: [],
        effect: "read",
        timed: true,
        async run(args, { signal }) {
          const pid = args.filter_pid as number | undefined;
          if (pid !== undefined && sonde.host.processStat(pid) === null) {
            throw new sonde.data.GoneError(`There is no process ${pid}`);
          }
          return await processList(sonde, {
            durationNs: Number(args.duration_secs) * NS_PER_S,
            sortBy: args.sort_by as "cpu",
            topN: Number(args.top_n),
            pid,
            signal,
          });
        },
      },
      {
        name: "get_system_metrics",
        description:
          "The whole machine over a window: CPU by kind, run queue, memory and paging, disks, network and TCP, pressure " +
          "stall information, control groups with limits and throttling, and what the kernel log says.",
        params: {
          duration_secs: {
            type: "integer",
            default: 5,
            minimum: 1,
            maximum: 3600,
            description: "Length of the window, seconds",
          },
          include_numa: { type: "boolean", default: false, description: "Also NUMA nodes" },
          include_irq: { type: "boolean", default: false, description: "Also interrupts and softirqs by name" },
        },
        required: [],
        effect: "read",
        timed: true,
        async run(args, { signal }) {
          return await systemMetrics(sonde, {
            durationNs: Number(args.duration_secs) * NS_PER_S,
            numa: args.include_numa === true,
            irq: args.include_irq === true,
            signal,
          });
        },
      },
      {
        name: "get_system_topology",
        description: "The machine's shape: CPUs, caches, NUMA nodes, disks, and what its kernel offers for measuring.",
        params: {},
        required: [],
        effect: "read",
        timed: false,
        // deno-lint-ignore require-await -- the interface is asynchronous, this tool only reads files
        async run() {
          return systemTopology(sonde);
        },
      },
    ],
  };
}
