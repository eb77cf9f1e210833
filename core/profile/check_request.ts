import { UsageError } from "../data/mod.ts";
import type { CpuSampleRequest } from "./sampler.ts";

/** Refuses what no sampler can do. @throws {UsageError} */
export function checkRequest({ pid, pids, frequencyHz, durationNs, kernel, user, stackBytes }: CpuSampleRequest): void {
  for (const id of pids ?? [pid]) {
    if (!Number.isInteger(id) || id < 0) throw new UsageError(`No process id: ${id}`, "Give one, or 0 for all CPUs.");
  }
  if (stackBytes !== undefined && (stackBytes % 8 !== 0 || !(stackBytes >= 512 && stackBytes <= 65_000))) {
    throw new UsageError(
      `Cannot copy ${stackBytes} bytes of stack`,
      "Copies take 512 to 65000 bytes, a multiple of 8.",
    );
  }
  if (!(frequencyHz >= 1 && frequencyHz <= 10_000)) {
    throw new UsageError(`Cannot sample at ${frequencyHz} Hz`, "Frequencies go from 1 to 10000 Hz.");
  }
  if (!(durationNs > 0 && durationNs < Infinity)) throw new UsageError("The time to sample must be above 0.");
  if (!kernel && !user) throw new UsageError("Neither kernel nor user code is to be sampled", "Choose at least one.");
}
