/** CPU profiles. @module */
import type { Plugin, SondeApi } from "../../core/plugin_api/mod.ts";
import type { Profile, Results } from "../../core/plugin_api/mod.ts";
import { offCpuStacks } from "./off_cpu.ts";
import { offCpuWaits } from "./off_cpu_waits.ts";
import { offCpuAnalysis } from "./off_cpu_tool.ts";

/** Functions listed by the tool. */
const TOP_FUNCTIONS = 100;
/** Folded lines listed by the tool (level 3 of detail). */
const FOLDED_LINES = 1000;

export default function profiler(sonde: SondeApi): Plugin {
  const sample = (
    pid: number,
    frequencyHz: number,
    durationNs: number,
    kernel: boolean,
    signal: AbortSignal,
    inlined: boolean,
  ): Promise<Profile> => sonde.samplers.cpu({ pid, frequencyHz, durationNs, kernel, user: true, signal, inlined });

  return {
    name: "profiler",
    version: "1.0.0",
    doc: "Samples what runs on the CPUs, and sees what waits, with kernel and user call chains",
    collectors: [
      {
        kind: "profile",
        name: "cpu.profile",
        doc: "CPU samples with call chains",
        params: [
          { name: "pid", type: "pid", default: 0, doc: "Only this process and its children; 0 is all CPUs" },
          { name: "hz", type: "rate", unit: "hz", default: 99, doc: "Samples a second and CPU, 1–10000" },
          { name: "kernel", type: "bool", default: true, doc: "Kernel frames too" },
        ],
        window: "stream",
        async profile({ params, durationNs }, { signal }) {
          if (durationNs === null) throw new sonde.data.UsageError("cpu.profile needs a window", 'Write "for 10s"');
          return await sample(Number(params.pid), Number(params.hz), durationNs, Boolean(params.kernel), signal, true);
        },
      },
      offCpuStacks(sonde),
      offCpuWaits(sonde),
    ],
    tools: [{
      name: "cpu_profile",
      description:
        "Samples a process (or, with pid 0, all CPUs) and tells which functions use the CPU, in user code and in the " +
        "kernel. Use it once something is known to burn CPU.",
      params: {
        pid: { type: "integer", default: 0, minimum: 0, description: "Process; 0 is the whole machine" },
        duration_secs: { type: "integer", default: 10, minimum: 1, maximum: 3600, description: "Seconds" },
        frequency_hz: { type: "integer", default: 99, minimum: 1, maximum: 10000, description: "Samples a second" },
        include_kernel: { type: "boolean", default: true, description: "Kernel frames too" },
        output_format: {
          type: "string",
          enum: ["flamegraph_svg", "folded_stacks", "top_functions"],
          default: "top_functions",
          description: "What is added to the tables of functions and processes",
        },
      },
      required: [],
      effect: "probe",
      timed: true,
      async run(args, { signal }) {
        const profile = await sample(
          Number(args.pid),
          Number(args.frequency_hz),
          Number(args.duration_secs) * 1e9,
          args.include_kernel === true,
          signal,
          // The agent measures a machine that may be short of CPU: debugging information is not read for it.
          false,
        );
        const { profiles, data } = sonde;
        const results: Record<string, Results[string]> = {
          functions: await profiles.topFunctions(profile, TOP_FUNCTIONS),
          processes: await profiles.byProcess(profile),
          profile,
        };
        const quality = data.quality(profile.quality);
        if (args.output_format === "folded_stacks") {
          results.folded = { kind: "text", text: await profiles.folded(profile, FOLDED_LINES), quality };
        } else if (args.output_format === "flamegraph_svg") {
          const title = args.pid ? `CPU of process ${args.pid}` : "CPU of all processes";
          results.svg = { kind: "text", text: await profiles.flameSvg(profile, title), quality };
        }
        return results;
      },
    }, offCpuAnalysis(sonde)],
  };
}
