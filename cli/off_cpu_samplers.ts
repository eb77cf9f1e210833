import type { Host } from "../core/host/mod.ts";
import { chooseOffCpuSampler, type OffCpuSampler } from "../core/profile/off_cpu/mod.ts";

/** Measures times off the CPU in the best way that this machine allows, or in the one that is asked for. */
export function offCpuSampler(host: Host): OffCpuSampler {
  return chooseOffCpuSampler({
    bpf: async () => (await import("../bpf/off_cpu/bpf_off_cpu_sampler.ts")).bpfOffCpuSampler(host),
    probe: async () => (await import("./off_cpu_by_probes.ts")).offCpuByProbes(host),
    polling: async () => (await import("../core/profile/off_cpu/mod.ts")).pollingOffCpuSampler(host),
  });
}
