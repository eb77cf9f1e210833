/** Calls of the kernel's functions by ftrace, for kernels and privileges without BPF, and for thousands of functions. @module */
import type { Plugin, Results, RowsCollector, SondeApi } from "../../core/plugin_api/mod.ts";

export default function functions(sonde: SondeApi): Plugin {
  return {
    name: "functions",
    version: "1.0.0",
    doc: "Calls of the kernel's functions, counted or timed by ftrace",
    collectors: [
      collector(
        "kernel.calls",
        "Calls of kernel functions by function and caller (ftrace's function tracer)",
        "calls",
        [
          sonde.data.field("function", "string", "Function of the kernel"),
          sonde.data.field("module", "string", "Module that it is of; null for the kernel itself"),
          sonde.data.field("caller", "string", "Function that called it"),
          sonde.data.field("caller_module", "string", "Module of the caller"),
          sonde.data.field("calls", "int", "How often"),
        ],
        sonde.kernelFunctions.count,
      ),
      collector(
        "kernel.call_times",
        "Times of calls of kernel functions (ftrace's function_graph tracer)",
        "times",
        [
          sonde.data.field("function", "string", "Function of the kernel"),
          sonde.data.field("module", "string", "Module that it is of; null for the kernel itself"),
          sonde.data.field("calls", "int", "How often it returned"),
          sonde.data.field("total", "duration", "All its calls together, callees included"),
          sonde.data.field("self", "duration", "The same without callees that were traced"),
          sonde.data.field("avg", "duration", "Mean of a call"),
          sonde.data.field("min", "duration", "The shortest call"),
          sonde.data.field("max", "duration", "The longest call"),
          sonde.data.field("durations", "histogram", "Calls by how long they took", "ns"),
        ],
        (request) => sonde.kernelFunctions.time({ ...request, depth: 0 }),
      ),
    ],
    tools: [],
  };

  function collector(
    name: string,
    doc: string,
    result: string,
    fields: RowsCollector["fields"],
    measure: (request: Parameters<SondeApi["kernelFunctions"]["count"]>[0]) => Promise<Results>,
  ): RowsCollector {
    return {
      kind: "rows",
      name,
      doc,
      params: [
        { name: "function", type: "string", doc: "Names of functions, with * and ?; several with commas" },
        { name: "pid", type: "pid", default: 0, doc: "Only this process and its children; 0: all but sonde's own" },
      ],
      window: "stream",
      fields,
      async rows({ params, durationNs }, { signal }) {
        if (durationNs === null) throw new sonde.data.UsageError(`${name} needs a window`, 'Write "for 5s"');
        const functions = String(params.function).split(",").map((f) => f.trim()).filter(Boolean);
        const results = await measure({ functions, pid: Number(params.pid), durationNs, signal });
        const table = results[result];
        if (table.kind !== "table") throw new TypeError(`${name}: "${result}" is no table`);
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
}
