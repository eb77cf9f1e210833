import { type Profile, quality, UsageError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { traceSamples } from "../ptrace/mod.ts";
import { CLOCK, clockNs, clockNsBig, ownCpuNs } from "../sys/mod.ts";
import { checkRequest } from "./check_request.ts";
import { createCopiedSamples } from "./_copied_samples.ts";
import { failureNotes } from "./failure_notes.ts";
import { keptTables } from "./kept_tables.ts";
import { nameProfile } from "./name_profile.ts";
import type { CpuSampler, CpuSampleRequest } from "./sampler.ts";

/**
 * A sampler of the wall clock, by ptrace(2): at each tick all threads of a process are looked at, those that run are
 * stopped for a moment. It needs neither perf events nor BPF, and sees threads that wait, with the system call that they
 * wait in. Sample types `samples` and `wall` (ns), label `state`: `running`, `syscall NAME`, `stopped`.
 *
 * @example
 * ```ts ignore
 * const sample = ptraceSampler(openHost());
 * const { signal } = new AbortController();
 * const profile = await sample({ pid, frequencyHz: 99, durationNs: 3e9, kernel: true, user: true, signal });
 * ```
 */
export function ptraceSampler(host: Host): CpuSampler {
  const { symbolisers, unwinder } = keptTables(host);
  return async (request) => {
    checkRequest(request);
    const unwind = checkServed(request);
    const before = ownCpuNs();
    const { pid, durationNs, signal, stackBytes = STACK_BYTES } = request;
    const samples = createCopiedSamples(host, unwinder(unwind), {
      states: true,
      timeline: request.timeline === true,
    });
    const notes: string[] = [];
    const frequencyHz = affordable(request, notes);
    let startNs = clockNs(CLOCK.MONOTONIC);
    let startUnixNs = clockNsBig(CLOCK.REALTIME);
    const onReady = (): void => {
      startNs = clockNs(CLOCK.MONOTONIC);
      startUnixNs = clockNsBig(CLOCK.REALTIME);
      request.onReady?.();
    };
    const { record } = samples;
    const summary = await traceSamples(host, { pid, frequencyHz, durationNs, stackBytes, signal, onReady, record });
    const cpu_ns = ownCpuNs() - before;
    const { lines = false, inlined = true } = request;
    const raw = samples.raw(startNs, startUnixNs);
    const symboliser = symbolisers.start({ lines, inlined });
    const { profile, stackQuality, notes: named } = await nameProfile(raw, symboliser, lines);
    const { events, failures } = stackQuality;
    notes.push(...named, ...failureNotes(failures, events, stackBytes));
    if (request.kernel) {
      notes.push(
        "Kernel code is not sampled: ptrace shows the system call that a thread is in, not what it does there.",
      );
    }
    const { ticks, skipped, lost, ended } = summary;
    const seconds = Math.round(summary.durationNs / 1e8) / 10;
    if (signal.aborted && signal.reason?.name === "AbortError") {
      notes.push(`Stopped after ${seconds} s of ${Math.round(durationNs / 1e8) / 10} s.`);
    }
    if (ended && !request.ownCommand) notes.push(`Process ${pid} ended after ${seconds} s.`);
    if (skipped > 0) {
      notes.push(
        `${skipped} of ${ticks + skipped} ticks were left out, as looking at all threads takes longer than a tick.`,
      );
    }
    return {
      ...profile,
      sampleTypes: [{ name: "samples", unit: "count" }, { name: "wall", unit: "ns" }],
      quality: quality({
        events,
        lost_by: {
          ...(lost > 0 && { ring: lost }),
          ...(samples.full > 0 && { map_full: samples.full }),
          ...(samples.corrupt > 0 && { corrupt: samples.corrupt }),
        },
        unwind_failures_by: failures,
        sampling: ticks + skipped > 0 ? ticks / (ticks + skipped) : 1,
        duration_ns: summary.durationNs,
        cost: { cpu_ns, probe_ns: 0, ratio: summary.durationNs > 0 ? cpu_ns / summary.durationNs : 0, estimated: true },
        notes: [...new Set(notes)],
      }),
    } satisfies Profile;
  };
}

/** @returns how user stacks are unwound @throws {UsageError} for what ptrace cannot do */
function checkServed({ pid, pids, user, unwind = "auto", cgroup }: CpuSampleRequest): "auto" | "fp" | "dwarf" {
  if (pid === 0 || cgroup !== undefined || (pids?.length ?? 1) !== 1) {
    throw new UsageError("The ptrace sampler watches one process", "Name it (--pid), or use --sampler perf.");
  }
  if (pid === Deno.pid) throw new UsageError("The ptrace sampler cannot watch itself", "Use --sampler perf.");
  if (!user) throw new UsageError("The ptrace sampler sees user code only", "Use --sampler perf for the kernel's.");
  if (unwind === "lbr") {
    throw new UsageError("The ptrace sampler has no branch records to unwind by", "Use --unwind auto.");
  }
  return unwind;
}

/** The frequency at which one thread that always runs costs no more than the budget. */
function affordable({ frequencyHz, budget }: CpuSampleRequest, notes: string[]): number {
  if (budget === undefined) return frequencyHz;
  const most = Math.max(1, Math.floor(budget * 1e9 / NS_PER_SAMPLE));
  if (most >= frequencyHz) return frequencyHz;
  notes.push(`Sampled at ${most} Hz: more could cost more than ${budget * 100} % of one CPU.`);
  return most;
}

/** What stopping one thread costs us, ns. */
const NS_PER_SAMPLE = 100_000;
const STACK_BYTES = 32 << 10;
