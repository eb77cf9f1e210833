/** Processes as they start and end, short-lived ones included. @module */
import type { Plugin, SondeApi } from "../../core/plugin_api/mod.ts";
import { traceProcesses } from "./trace.ts";
import { processViews } from "./views.ts";

export default function processes(sonde: SondeApi): Plugin {
  return {
    name: "processes",
    version: "1.0.0",
    doc: "Processes as they start and end, by scheduler tracepoints",
    collectors: processViews(sonde),
    tools: [{
      name: "trace_processes",
      description:
        "Watches processes start and end, also those too short-lived for any list, and tells which commands they are and " +
        "who starts them. Use it when much CPU is used that no listed process accounts for, or when forks are frequent.",
      params: {
        duration_secs: { type: "integer", default: 5, minimum: 1, maximum: 3600, description: "Seconds" },
        top_n: { type: "integer", default: 20, minimum: 1, maximum: 10000, description: "How many rows" },
      },
      required: [],
      effect: "probe",
      timed: true,
      run: (args, { signal }) =>
        traceProcesses(sonde, { durationNs: Number(args.duration_secs) * 1e9, topN: Number(args.top_n), signal }),
    }],
  };
}
