/** The analyzers: what the BCC tools are used for, as collectors, as one tool and for `sonde analyze`. @module */
import type { Plugin, RowsCollector, SondeApi } from "../../core/plugin_api/mod.ts";
import { ANALYZERS } from "./all.ts";
import type { Analyzer } from "./analyzer.ts";
import { type Mechanism, MECHANISMS, runAnalyzer } from "./run_analyzer.ts";

export default function analyzers(sonde: SondeApi): Plugin {
  const all = ANALYZERS.map((make) => make(sonde));
  return {
    name: "analyzers",
    version: "1.0.0",
    doc:
      "Latencies and counts by programs in the kernel: TCP, disks, memory, locks, system calls, page faults, scheduler",
    collectors: all.map((a) => collectorOf(sonde, a)),
    tools: [{
      name: "run_ebpf_analyzer",
      description: "Runs one of the programs that ship, in the kernel, for exact numbers of one subsystem:\n" +
        all.map((a) => `${a.name}: ${a.doc}`).join("\n"),
      params: {
        program: { type: "string", enum: all.map((a) => a.name), description: "Which" },
        pid: { type: "integer", default: 0, minimum: 0, description: "Process; 0 is the whole machine" },
        duration_secs: { type: "integer", default: 10, minimum: 1, maximum: 3600, description: "Seconds" },
        mechanism: {
          type: "string",
          enum: ["auto", ...MECHANISMS],
          default: "auto",
          description: "What measures; auto is the best that works here",
        },
      },
      required: ["program"],
      effect: "probe",
      timed: true,
      async run(args, { signal }) {
        const analyzer = all.find((a) => a.name === args.program)!;
        const request = { pid: Number(args.pid), durationNs: Number(args.duration_secs) * 1e9, signal };
        const only = args.mechanism === "auto" ? undefined : args.mechanism as Mechanism;
        return await runAnalyzer(sonde, analyzer, request, only);
      },
    }],
  };
}

function collectorOf(sonde: SondeApi, analyzer: Analyzer): RowsCollector {
  const [first] = analyzer.tables;
  return {
    kind: "rows",
    name: analyzer.collector,
    doc: analyzer.doc,
    params: [{ name: "pid", type: "pid", default: 0, doc: "Only this process; 0: all but sonde's own" }],
    window: "stream",
    fields: first.fields,
    async rows({ params, durationNs }, { signal }) {
      if (durationNs === null) {
        throw new sonde.data.UsageError(`${analyzer.collector} needs a window`, 'Write "for 10s"');
      }
      const results = await runAnalyzer(sonde, analyzer, { pid: Number(params.pid), durationNs, signal });
      const table = results[first.name];
      if (table.kind !== "table") throw new TypeError(`${analyzer.name}: "${first.name}" is no table`);
      return {
        async *batches() {
          yield table;
        },
        quality: () => table.quality,
        [Symbol.dispose]() {},
      };
    },
  };
}
