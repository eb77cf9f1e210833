import { type Profile, quality } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { ownCpuNs } from "../sys/mod.ts";
import { checkRequest } from "./check_request.ts";
import { type Collected, collectSamples } from "./_collect_samples.ts";
import { failureNotes } from "./failure_notes.ts";
import { keptTables } from "./kept_tables.ts";
import { nameProfile } from "./name_profile.ts";
import { type CpuEvents, openCpuEvents } from "./_open_cpu_events.ts";
import type { CpuSampler } from "./sampler.ts";

/**
 * A sampler of this machine's CPUs by perf_event_open(2): CPU cycles where the processor can count them, else the
 * kernel's CPU clock. Kernel frames come from the kernel; user frames we unwind from registers and a copy of the stack, by the
 * tables of each module. What one profile reads of tables and symbols serves the next.
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
  const { symbolisers, unwinder } = keptTables(host);
  return async (request) => {
    checkRequest(request);
    const cpuBefore = ownCpuNs();
    const { lines = false, inlined = true } = request;
    const symboliser = symbolisers.start({ lines, inlined });
    const notes: string[] = [];
    let collected: Collected;
    let method: Pick<CpuEvents, "userStacks" | "stackBytes">;
    {
      using events = openCpuEvents(host, request);
      notes.push(...events.notes);
      method = events;
      collected = await collectSamples(
        host,
        events,
        request,
        symboliser,
        unwinder(request.unwind === "dwarf" ? "dwarf" : "auto"),
        nsPerInterrupt(events.stackBytes),
      );
    }
    const cpu_ns = ownCpuNs() - cpuBefore;
    await request.onCollected?.();
    const { profile, stackQuality, notes: named } = await nameProfile(collected, symboliser, lines);
    const { durationNs } = collected;
    const { events, truncated, failures } = stackQuality;
    notes.push(...collected.notes, ...named, ...failureNotes(failures, events, method.stackBytes));
    if (truncated > 0) notes.push(`${truncated} of ${events} stacks were cut at the kernel's limit of frames.`);
    const probe_ns = (events + collected.own) * nsPerInterrupt(method.stackBytes);
    if (request.budget !== undefined) {
      notes.push(...overBudget(request.budget, cpu_ns, probe_ns, durationNs));
    }
    const scaled = collected.nsPerCount === null ? 1 : takenShare(profile, events);
    return {
      ...profile,
      quality: quality({
        events,
        lost_by: collected.lostBy,
        truncated,
        unwind_failures_by: failures,
        sampling: scaled,
        estimated: scaled < 1,
        duration_ns: durationNs,
        cost: { cpu_ns, probe_ns, ratio: durationNs > 0 ? (cpu_ns + probe_ns) / durationNs : 0, estimated: true },
        notes: [...new Set(notes)],
      }),
    } satisfies Profile;
  };
}

/**
 * What a sample costs in the kernel, in ns: the timer's interrupt and the walk of the stack. Measured as the CPU time by
 * which a fixed amount of work grows under 10 kHz sampling: 15 µs in a virtual machine, where timers are dear. Bare
 * metal needs a fraction of it, so this errs on the side of too much.
 */
const NS_PER_INTERRUPT = 15_000;
/** And the copy of registers and stack. */
const NS_PER_COPY = 2_000;

function nsPerInterrupt(stackBytes: number): number {
  return NS_PER_INTERRUPT + (stackBytes > 0 ? NS_PER_COPY : 0);
}

/** Why sampling cost more than it was to: nothing can be lowered of what has to be read once. */
function overBudget(budget: number, cpuNs: number, probeNs: number, durationNs: number): string[] {
  if (cpuNs + probeNs <= 1.25 * budget * durationNs) return [];
  const s = (ns: number): number => Math.round(ns / 1e7) / 100;
  return [
    `More than the budget of ${Math.round(budget * 1000) / 10} %: taking samples took ${
      s(probeNs)
    } s of CPU time, our ` +
    `own work ${s(cpuNs)} s, mostly to read the tables of each program once. A longer window spreads it.`,
  ];
}

/** Which part of the samples was taken that the frequency at the start would have given. */
function takenShare(profile: Profile, events: number): number {
  const wanted = profile.stacks.reduce((sum, s) => sum + s.values[0], 0);
  return wanted > 0 ? Math.min(1, events / wanted) : 1;
}
