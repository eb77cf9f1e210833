import type { SondeApi, Tool } from "../../core/plugin_api/mod.ts";

/** Stacks, wakers and threads listed by the tool. */
const MOST_ROWS = 100;

/** The tool `off_cpu_analysis`: why, where and for how long threads are off the CPU, and who ends it. */
export function offCpuAnalysis(sonde: SondeApi): Tool {
  return {
    name: "off_cpu_analysis",
    description:
      "Tells when the threads of a process (or, with pid 0, of all) are off the CPU: why (lock, disk, sleep, pipe, socket, " +
      "page fault, waiting for a CPU, …), in which code, for how long, and who ended it. Use it for what is slow without " +
      "burning CPU.",
    params: {
      pid: { type: "integer", default: 0, minimum: 0, description: "Process; 0 is the whole machine" },
      duration_secs: { type: "integer", default: 10, minimum: 1, maximum: 3600, description: "Seconds" },
      min_block_us: {
        type: "integer",
        default: 1000,
        minimum: 0,
        maximum: 3600e6,
        description: "Shorter times off the CPU are only summed up; microseconds",
      },
    },
    required: [],
    effect: "probe",
    timed: true,
    async run(args, { signal }) {
      const measured = await sonde.samplers.offCpu({
        pid: Number(args.pid),
        durationNs: Number(args.duration_secs) * 1e9,
        minBlockNs: Number(args.min_block_us) * 1e3,
        signal,
      });
      return await sonde.profiles.offCpu(measured, { limit: MOST_ROWS });
    },
  };
}
