import { UnsupportedError, UsageError } from "../../data/mod.ts";
import type { OffCpuEngine, OffCpuSampler } from "./off_cpu_sampler.ts";

/** Samplers by name, loaded when first used. One that is absent cannot be had here. */
export type OffCpuSamplers = Readonly<Partial<Record<OffCpuEngine, () => Promise<OffCpuSampler>>>>;

const ORDER: readonly OffCpuEngine[] = ["bpf", "probe", "polling"];

/**
 * One sampler out of several: the one that a request names; else the first that the machine allows, and a note says what was
 * refused.
 *
 * @throws {UsageError} when the named one is not there
 * @throws {UnsupportedError} when none works: that of the first
 */
export function chooseOffCpuSampler(samplers: OffCpuSamplers): OffCpuSampler {
  return async (request) => {
    const { engine } = request;
    if (engine !== undefined) {
      const load = samplers[engine];
      if (!load) {
        throw new UsageError(`There is no engine "${engine}"`, `There are: ${Object.keys(samplers).join(", ")}`);
      }
      return await (await load())(request);
    }
    let refused: UnsupportedError | null = null;
    for (const name of ORDER) {
      const load = samplers[name];
      if (!load) continue;
      try {
        const measured = await (await load())(request);
        if (!refused) return measured;
        const notes = [`Measured by ${WORDS[name]}: ${refused.message}`, ...measured.quality.notes];
        return { ...measured, quality: { ...measured.quality, notes } };
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        refused ??= error;
      }
    }
    throw refused ?? new UsageError("There is no engine for times off the CPU");
  };
}

const WORDS: Readonly<Record<OffCpuEngine, string>> = {
  bpf: "a BPF program",
  probe: "single switches",
  polling: "looking at /proc again and again",
};
