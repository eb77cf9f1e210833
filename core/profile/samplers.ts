import { type Profile, UnsupportedError, UsageError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import type { CpuSampler, SamplerName } from "./sampler.ts";

/** Samplers by name, loaded when first used. One that is absent cannot be had here. */
export type CpuSamplers = Readonly<Partial<Record<SamplerName, () => Promise<CpuSampler>>>>;

/** The samplers of this room. Those of other rooms (`bpf`) are added where all rooms meet. */
export function localSamplers(host: Host): CpuSamplers {
  return {
    perf: async () => (await import("./cpu_sampler.ts")).cpuSampler(host),
    ptrace: async () => (await import("./ptrace_sampler.ts")).ptraceSampler(host),
  };
}

/**
 * One sampler out of several: the one that a request names; else the first that the machine allows, `perf` before `bpf`
 * before `ptrace`, and a note says what was refused. `signal` is taken only when named.
 *
 * @throws {UsageError} when the named one is not there
 * @throws {UnsupportedError} when none works: that of the first
 */
export function chooseSampler(samplers: CpuSamplers): CpuSampler {
  return async (request): Promise<Profile> => {
    const load = (name: SamplerName): Promise<CpuSampler> => {
      const found = samplers[name];
      if (!found) {
        throw new UsageError(`There is no sampler "${name}"`, `There are: ${Object.keys(samplers).join(", ")}`);
      }
      return found();
    };
    if (request.sampler !== undefined) return await (await load(request.sampler))(request);
    let refused: UnsupportedError | null = null;
    for (const name of ORDER) {
      // Neither looks at the machine as a whole, nor unwinds in another way than its own.
      if (!samplers[name] || (name === "ptrace" && request.pid === 0)) continue;
      if (refused && request.unwind !== undefined && request.unwind !== "auto") break;
      try {
        const profile = await (await load(name))(request);
        if (!refused) return profile;
        const notes = [`Sampled by ${name} instead: ${refused.message}`, ...profile.quality.notes];
        return { ...profile, quality: { ...profile.quality, notes } };
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        refused ??= error;
      }
    }
    throw refused ?? new UsageError("There is no sampler");
  };
}

const ORDER: readonly SamplerName[] = ["perf", "bpf", "ptrace"];
