import type { Host } from "../host/mod.ts";
import type { CodeMapping, Symboliser } from "../symbols/mod.ts";
import type { PerfRecord, RecordSink } from "../perf/mod.ts";
import { u64At } from "../perf/mod.ts";
import { CLOCK, clockNs, clockNsBig, ownCpuNs } from "../sys/mod.ts";
import type { RawProfile } from "./build_profile.ts";
import { frequencyBudget } from "./_frequency_budget.ts";
import { lbrChain } from "./_lbr_chain.ts";
import { type CpuEvents, MAX_EVENTS, pidsOf } from "./_open_cpu_events.ts";
import { createProcessTable } from "./process_table.ts";
import type { CpuSampleRequest } from "./sampler.ts";
import { createStackTable } from "./stack_table.ts";
import type { Unwinder } from "./unwind/unwinder.ts";
import { createSampleTimes } from "./_timeline.ts";
import { createUserChains } from "./_user_chains.ts";

/** What the rings gave. */
export interface Collected extends RawProfile {
  /** Length of the window, ns. */
  readonly durationNs: number;
  /** Samples of this process itself, which are not in the stacks. */
  readonly own: number;
  readonly lostBy: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/**
 * Reads the rings until the time is over, the signal comes, or all that was watched has ended.
 *
 * @param symboliser will name what is sampled
 * @param unwinder for samples that hold copies of stacks
 * @param nsPerSample what a sample costs in the kernel
 */
export async function collectSamples(
  host: Host,
  events: CpuEvents,
  request: CpuSampleRequest,
  symboliser: Symboliser,
  unwinder: Unwinder,
  nsPerSample: number,
): Promise<Collected> {
  const { sampler, userStacks, clock } = events;
  const { layout, parts } = sampler;
  const stacks = createStackTable();
  const table = createProcessTable(host);
  const chains = userStacks === "copy" ? createUserChains(sampler.userRegs, unwinder) : null;
  const branchChain = new Uint32Array(2048);
  const times = request.timeline ? createSampleTimes() : null;
  const pids = pidsOf(request);
  const self = Deno.pid;
  const lostBy: Record<string, number> = {};
  const family = events.onlyPids.length > 0 ? new Set(events.onlyPids) : null;
  const watched = events.threads && new Set(events.threads);
  /** The watched processes with their children. */
  const kin = new Set(pids);
  let own = 0;
  let taken = 0;
  let throttled = 0;
  let hz = events.frequencyHz;
  // Tasks made while they were watched keep the frequency of that moment, until all are watched anew.
  const born = request.budget !== undefined && watched ? new Map<number, number>() : null;

  const follows = (pid: number): boolean => family ? family.has(pid) : watched !== null;

  const lose = (why: string, n: number): void => {
    lostBy[why] = (lostBy[why] ?? 0) + n;
  };
  const sink: RecordSink = {
    sample: (words, at) => {
      const pid = words[at + layout.pid] | 0;
      const tid = words[at + layout.pid + 1] | 0;
      // Pid 0 is idle, or a task outside of our pid namespace: the latter has a call chain into user code or a thread.
      if (pid === 0 && tid === 0 && !clock) return;
      if (family !== null && !family.has(pid)) return;
      if (events.inCgroup !== null && !events.inCgroup(pid)) return;
      if (pid === self && !pids.includes(self)) {
        own++;
        return;
      }
      taken++;
      const task = table.task(pid, tid);
      const weight = 1e9 / (born?.get(tid) ?? hz);
      let number: number;
      if (userStacks === "chain") {
        const chain = at + layout.callchain;
        const room = (words[at + 1] >>> 18) - layout.callchain - 2;
        const length = Math.min(words[chain] * 2, room);
        number = stacks.add(words, chain + 2, length, task.space, task.label, weight);
      } else {
        if (!parts.locate(words, at)) return lose("read_error", 1);
        if (chains) {
          const length = chains.make(words, parts, pid, table.spaces[task.space].mappings);
          number = stacks.add(chains.words, 0, length, task.space, task.label, weight);
        } else {
          const length = lbrChain(words, parts, branchChain);
          number = stacks.add(branchChain, 0, length, task.space, task.label, weight);
        }
      }
      if (number < 0) return lose("map_full", 1);
      times?.add(u64At(words, at + layout.time), number, weight);
    },
    record: (record) => take(record),
    corrupt: () => lose("read_error", 1),
  };
  /** Short-lived children may be gone, with their files, when their samples are read. */
  const read = (pid: number, mapping: CodeMapping): void => {
    if (!follows(pid) || mapping.inode === 0) return;
    if (chains) unwinder.prepare(pid, mapping);
    symboliser.readEarly(pid, mapping);
  };
  const take = (record: PerfRecord): void => {
    switch (record.type) {
      case "comm":
        return table.comm(record);
      case "mmap":
        return read(record.pid, table.mmap(record));
      case "fork":
        if (family?.has(record.parentPid)) family.add(record.pid);
        watched?.add(record.tid);
        kin.add(record.pid);
        born?.set(record.tid, hz);
        return table.fork(record);
      case "lost":
        return lose(record.by === "ring" ? "ring" : "hardware", record.count);
      case "throttle":
        throttled++;
        return;
    }
  };

  request.onReady?.();
  // Threads may have been created while events were being opened. Those whose creator was watched by then have inherited
  // its event, and a ring tells of them: a second event would count them twice. The others are watched now.
  const threads = (): number[] => [...kin].flatMap((pid) => host.threads(pid));
  const watchNewThreads = (): void => {
    for (let round = 0; watched !== null && round < 3; round++) {
      const listed = threads();
      sampler.drain(sink, true);
      const fresh = listed.filter((tid) => !watched.has(tid));
      if (fresh.length === 0) return;
      for (const tid of fresh) if (sampler.add(tid)) watched.add(tid);
    }
  };

  const startNs = clockNs(CLOCK.MONOTONIC);
  const startUnixNs = clockNsBig(CLOCK.REALTIME);
  const start = performance.now();
  watchNewThreads();
  const budget = request.budget === undefined ? null : frequencyBudget(request.budget, hz, nsPerSample);
  const slowed: string[] = [];
  let uneven = false;
  const keepBudget = (): void => {
    const lower = budget?.check(clockNs(CLOCK.MONOTONIC), ownCpuNs(), taken + own) ?? null;
    if (lower === null) return;
    // What was sampled until now stands for less time than what will be.
    sampler.drain(sink, true);
    const anew = born !== null && born.size > 0 && threads().length * sampler.fds.length <= MAX_EVENTS;
    uneven ||= !anew && born !== null && born.size > 0;
    if (anew) sampler.restart(lower);
    else sampler.setFrequency(lower);
    sampler.drain(sink, true);
    hz = lower;
    if (anew) {
      born.clear();
      watched!.clear();
      watchNewThreads();
    }
    slowed.push(`${lower} Hz after ${Math.round((performance.now() - start) / 100) / 10} s`);
  };
  let ended = false;
  for (;;) {
    const left = request.durationNs / 1e6 - (performance.now() - start);
    if (left <= 0 || request.signal.aborted || ended) break;
    await wait(Math.min(left, events.drainMs), request.signal);
    sampler.drain(sink);
    keepBudget();
    ended = sampler.ended();
  }
  sampler.stop();
  const durationNs = Math.round((performance.now() - start) * 1e6);
  sampler.drain(sink, true);
  const notes: string[] = [];
  if (own > 0) {
    const share = Math.round(own / (own + taken) * 1000) / 10;
    notes.push(`Sonde itself took ${own} of ${own + taken} samples (${share} %): left out.`);
  }
  // Other reasons than the user's are no cut: a command that was followed has ended.
  if (request.signal.aborted && request.signal.reason?.name === "AbortError") {
    const planned = Math.round(request.durationNs / 1e8) / 10;
    notes.push(`Stopped after ${Math.round(durationNs / 1e8) / 10} s of ${planned} s.`);
  }
  if (slowed.length > 0) {
    const limit = Math.round(request.budget! * 1000) / 10;
    notes.push(
      `Sampled less often to stay within ${limit} % of a CPU: ${slowed.join(", ")}. Samples are scaled by that` +
        (uneven ? "; threads that were made meanwhile keep the frequency of that moment." : "."),
    );
  }
  if (ended && !request.ownCommand) {
    notes.push(`Process ${pids.join(", ")} ended after ${Math.round(durationNs / 1e8) / 10} s.`);
  }
  if (throttled > 0) notes.push(`The kernel paused sampling ${throttled} times: samples took too long.`);
  if (sampler.missingCpus.length > 0) notes.push(`Not sampled, went offline: CPU ${sampler.missingCpus.join(", ")}.`);
  return {
    stacks,
    spaces: table.spaces,
    labels: table.labels,
    failures: chains && chains.failures,
    nsPerCount: slowed.length > 0 ? 1e9 / events.frequencyHz : null,
    times: times && { samples: times, startNs, startUnixNs },
    durationNs,
    own,
    lostBy,
    notes,
  };
}

/** Resolves after that many milliseconds, or at once when the signal comes. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
