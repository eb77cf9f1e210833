import type { Host } from "../host/mod.ts";
import type { PerfRecord, RecordSink } from "../perf/mod.ts";
import { u64At } from "../perf/mod.ts";
import type { RawProfile } from "./build_profile.ts";
import type { CpuEvents } from "./_open_cpu_events.ts";
import { createProcessTable } from "./process_table.ts";
import type { CpuSampleRequest } from "./sampler.ts";
import { createStackTable } from "./stack_table.ts";

/** What the rings gave. */
export interface Collected extends RawProfile {
  /** Length of the window, ns. */
  readonly durationNs: number;
  /** Samples of this process itself, which are not in the stacks. */
  readonly own: number;
  readonly lostBy: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/** Reads the rings until the time is over, the signal comes, or all that was watched has ended. */
export async function collectSamples(host: Host, events: CpuEvents, request: CpuSampleRequest): Promise<Collected> {
  const { sampler, nsPerSample } = events;
  const { layout } = sampler;
  const stacks = createStackTable();
  const table = createProcessTable(host);
  const self = Deno.pid;
  const lostBy: Record<string, number> = {};
  const family = events.onlyPid > 0 ? new Set([events.onlyPid]) : null;
  const watched = events.threads && new Set(events.threads);
  let own = 0;
  let taken = 0;
  let throttled = 0;

  const lose = (why: string, n: number): void => {
    lostBy[why] = (lostBy[why] ?? 0) + n;
  };
  const sink: RecordSink = {
    sample: (words, at) => {
      const pid = words[at + layout.pid] | 0;
      const tid = words[at + layout.pid + 1] | 0;
      // Pid 0 is idle, or a task outside of our pid namespace: the latter has a call chain into user code or a thread.
      if (pid === 0 && tid === 0 && nsPerSample !== null) return;
      if (family !== null && !family.has(pid)) return;
      if (pid === self && request.pid !== self) {
        own++;
        return;
      }
      taken++;
      const chain = at + layout.callchain;
      const room = (words[at + 1] >>> 18) - layout.callchain - 2;
      const length = Math.min(words[chain] * 2, room);
      const task = table.task(pid, tid);
      const weight = nsPerSample ?? u64At(words, at + layout.period);
      if (!stacks.add(words, chain + 2, length, task.space, task.label, weight)) lose("map_full", 1);
    },
    record: (record) => take(record),
    corrupt: () => lose("read_error", 1),
  };
  const take = (record: PerfRecord): void => {
    switch (record.type) {
      case "comm":
        return table.comm(record);
      case "mmap":
        return table.mmap(record);
      case "fork":
        if (family?.has(record.parentPid)) family.add(record.pid);
        watched?.add(record.tid);
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
  const watchNewThreads = (): void => {
    for (let round = 0; watched !== null && round < 3; round++) {
      sampler.drain(sink, true);
      const fresh = host.threads(request.pid).filter((tid) => !watched.has(tid));
      if (fresh.length === 0) return;
      for (const tid of fresh) if (sampler.add(tid)) watched.add(tid);
    }
  };

  const start = performance.now();
  watchNewThreads();
  let ended = false;
  for (;;) {
    const left = request.durationNs / 1e6 - (performance.now() - start);
    if (left <= 0 || request.signal.aborted || ended) break;
    await wait(Math.min(left, DRAIN_MS), request.signal);
    sampler.drain(sink);
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
  if (ended) notes.push(`Process ${request.pid} ended after ${Math.round(durationNs / 1e8) / 10} s.`);
  if (throttled > 0) notes.push(`The kernel paused sampling ${throttled} times: samples took too long.`);
  if (sampler.missingCpus.length > 0) notes.push(`Not sampled, went offline: CPU ${sampler.missingCpus.join(", ")}.`);
  return { stacks, spaces: table.spaces, labels: table.labels, durationNs, own, lostBy, notes };
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

/** Often enough that a process seen for the first time is still there to be asked, and no ring fills. */
const DRAIN_MS = 100;
