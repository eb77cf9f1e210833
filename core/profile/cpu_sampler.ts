import { type Profile, quality, UsageError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { createSymbolisers } from "../symbols/mod.ts";
import { ownCpuNs } from "../sys/mod.ts";
import { buildProfile } from "./build_profile.ts";
import { type Collected, collectSamples } from "./_collect_samples.ts";
import { openCpuEvents } from "./_open_cpu_events.ts";
import { usedCode } from "./used_code.ts";
import type { CpuSampler, CpuSampleRequest } from "./sampler.ts";

/**
 * A sampler of this machine's CPUs by perf_event_open(2): CPU cycles where the processor can count them, else the
 * kernel's CPU clock. Call chains come from the kernel, user ones by frame pointers. What one profile reads of symbols
 * serves the next.
 *
 * @example
 * ```ts ignore
 * const sample = cpuSampler(openHost());
 * const { signal } = new AbortController();
 * const profile = await sample({ pid: 0, frequencyHz: 99, durationNs: 3e9, kernel: true, user: true, signal });
 * console.log(folded(profile));
 * ```
 */
export function cpuSampler(host: Host): CpuSampler {
  let symbolisers = known.get(host);
  if (!symbolisers) known.set(host, symbolisers = createSymbolisers(host));
  const { start } = symbolisers;
  return async (request) => {
    checkRequest(request);
    const cpuBefore = ownCpuNs();
    const notes: string[] = [];
    let collected: Collected;
    {
      using events = openCpuEvents(host, request);
      notes.push(...events.notes);
      collected = await collectSamples(host, events, request);
    }
    const symboliser = start();
    await symboliser.prepare(usedCode(collected));
    const { profile, stackQuality } = buildProfile(collected, symboliser);
    const { durationNs } = collected;
    const { events, truncated, unwindFailures } = stackQuality;
    notes.push(...collected.notes, ...symboliser.notes());
    if (unwindFailures > 0) {
      notes.push(
        `${unwindFailures} of ${events} stacks end early: unwinding by frame pointers loses callers in code that was ` +
          "built without them.",
      );
    }
    if (truncated > 0) notes.push(`${truncated} of ${events} stacks were cut at the kernel's limit of frames.`);
    const cpu_ns = ownCpuNs() - cpuBefore;
    const probe_ns = (events + collected.own) * NS_PER_INTERRUPT;
    return {
      ...profile,
      quality: quality({
        events,
        lost_by: collected.lostBy,
        truncated,
        unwind_failures: unwindFailures,
        duration_ns: durationNs,
        cost: { cpu_ns, probe_ns, ratio: durationNs > 0 ? (cpu_ns + probe_ns) / durationNs : 0, estimated: true },
        notes: [...new Set(notes)],
      }),
    } satisfies Profile;
  };
}

const known = new WeakMap<Host, ReturnType<typeof createSymbolisers>>();

/**
 * What a sample costs in the kernel, in ns: the timer's interrupt and the walk of the stack. Measured as the CPU time by
 * which a fixed amount of work grows under 10 kHz sampling: 15 µs in a virtual machine, where timers are dear. Bare
 * metal needs a fraction of it, so this errs on the side of too much.
 */
const NS_PER_INTERRUPT = 15_000;

function checkRequest({ pid, frequencyHz, durationNs, kernel, user }: CpuSampleRequest): void {
  if (!Number.isInteger(pid) || pid < 0) throw new UsageError(`No process id: ${pid}`, "Give one, or 0 for all CPUs.");
  if (!(frequencyHz >= 1 && frequencyHz <= 10_000)) {
    throw new UsageError(`Cannot sample at ${frequencyHz} Hz`, "Frequencies go from 1 to 10000 Hz.");
  }
  if (!(durationNs > 0 && durationNs < Infinity)) throw new UsageError("The time to sample must be above 0.");
  if (!kernel && !user) throw new UsageError("Neither kernel nor user code is to be sampled", "Choose at least one.");
}
