/** Calls of functions: the tool `trace_kernel_function`. @module */
import type { Plugin, Results, SondeApi, Table } from "../../core/plugin_api/mod.ts";

export default function calls(sonde: SondeApi): Plugin {
  return {
    name: "calls",
    version: "1.0.0",
    doc: "How often and for how long functions are called: of the kernel, of programs, system calls",
    collectors: [],
    tools: [{
      name: "trace_kernel_function",
      description:
        "Counts the calls of kernel functions (wildcards allowed: vfs_*), of system calls (syscall:NAME) or of functions of " +
        "programs (user:PATH:NAME), with how long they take (mean, quantiles, histogram), the errors that they answer, the " +
        "slowest calls with stack and arguments, and who calls. Use it to confirm which function or system call is slow or fails. " +
        "Where the kernel refuses its own functions, ask for syscall:NAME.",
      params: {
        function: {
          type: "string",
          description: "Kernel function, wildcards allowed; or syscall:NAME, user:PATH:NAME",
        },
        duration_secs: { type: "integer", default: 5, minimum: 1, maximum: 3600, description: "Seconds" },
        output_latency_hist: { type: "boolean", default: true, description: "With histograms of the latency" },
        pid_filter: { type: "integer", minimum: 0, description: "Only this process; 0 or absent: all" },
        slowest: {
          type: "integer",
          default: 10,
          minimum: 0,
          maximum: 1000,
          description: "How many of the slowest calls to list",
        },
      },
      required: ["function"],
      effect: "probe",
      timed: true,
      async run(args, { signal }) {
        const results = await sonde.calls.measure({
          targets: String(args.function).split(/[\s,]+/).filter(Boolean),
          pid: Number(args.pid_filter ?? 0),
          durationNs: Number(args.duration_secs) * 1e9,
          slowest: Number(args.slowest),
          signal,
        });
        return args.output_latency_hist ? results : withoutHistograms(results);
      },
    }],
  };
}

function withoutHistograms({ latency: _, ...results }: Results): Results {
  const { functions } = results;
  if (functions?.kind !== "table") return results;
  const keep = functions.fields.flatMap((f, i) => f.type === "histogram" ? [] : [i]);
  const table: Table = {
    ...functions,
    fields: keep.map((i) => functions.fields[i]),
    columns: keep.map((i) => functions.columns[i]),
  };
  return { ...results, functions: table };
}
