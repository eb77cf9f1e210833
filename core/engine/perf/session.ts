import type { Batch, Quality } from "../../data/mod.ts";
import { defineProbes } from "../../ftrace/mod.ts";
import { type Host, isKernelBefore } from "../../host/mod.ts";
import { openProbeEvents, type RecordSink } from "../../perf/mod.ts";
import type { ProbeOutcome, ProbeSession } from "../../plugin_api/mod.ts";
import { CLOCK, clockNs, clockNsBig } from "../../sys/mod.ts";
import { matchedSource } from "./matched_source.ts";
import { specOutput } from "./output.ts";
import { SIDE } from "./pairs.ts";
import { perfEvents, type PlannedEvent } from "./perf_events.ts";
import type { PerfPlan } from "./plan.ts";
import { rolesOf } from "./roles_of.ts";
import { recordAt, type SampleContext } from "./sample_reader.ts";
import { sessionQuality } from "./session_quality.ts";
import { createStackReader } from "./stacks.ts";
import { createTasks } from "./tasks.ts";

/** What a session needs to know of the machine. */
export interface PerfMachine {
  readonly host: Host;
  /** CPUs that are online. */
  readonly cpus: readonly number[];
  readonly initialNamespace: boolean;
}

/** Shortest and longest time between two looks into the rings, in ms. */
const LOOK_MS = { min: 2, max: 25 } as const;
/** A ring that is fuller than this at a look is looked at sooner the next time. */
const BUSY_FILL = 0.2;
/** Events that are put through the steps at a time, when nobody waits for rows. */
const FLUSH_ROWS = 16_384;
/** Rings of all CPUs together stay below this, in bytes. */
const MAX_RINGS_BYTES = 64 << 20;
/** Size of a CPU's ring where the spec says none, in bytes. */
const RING_BYTES = 2 << 20;

/**
 * Opens a plan's events and answers the session that owns them. Rings are read on a timer from the start.
 *
 * @throws {SysError} when opening fails; everything is closed then
 */
export function openPerfSession(plan: PerfPlan, machine: PerfMachine): ProbeSession {
  const { host, initialNamespace } = machine;
  const { spec, source } = plan;
  using undo = new DisposableStack();
  const probes = new DisposableStack();
  undo.use(probes);
  const { planned, missed } = withNumbers(perfEvents(plan), host, probes);
  const roles = rolesOf(source);
  const names = new Set(roles.flatMap((r) => r.fields.map((f) => f.name)));
  const stacks = names.has("stack") || names.has("kstack") || names.has("ustack");
  const userStacks = planned.some((e) => e.stack === "user" || e.stack === "both");
  const named = names.has("comm");
  const events = openProbeEvents({
    events: planned,
    cpus: machine.cpus,
    ringBytes: ringBytes(plan, machine),
    pageSize: host.pageSize,
    tasks: named || names.has("pid") || userStacks,
    mappings: userStacks,
  });
  // Probes are removed after what watches them is closed.
  undo.use(events);
  const tasks = createTasks(host);
  const stackReader = stacks ? createStackReader(host, tasks) : null;
  let unnamed = 0;
  const cx: SampleContext = {
    layout: events.layout,
    chained: events.chained,
    tasks,
    stacks: stackReader,
    realtimeOffsetNs: clockNsBig(CLOCK.REALTIME) - clockNsBig(CLOCK.MONOTONIC),
    initialNamespace,
    unnamed: () => void unnamed++,
  };
  const rows = matchedSource(plan, cx);
  const output = specOutput(spec, rows.fields);
  const streams = spec.output.kind === "stream";
  const waiting = new Set<() => void>();
  let ownNs = 0;
  let samples = 0;
  let chains = 0;
  let broken = 0;
  let throttled = 0;
  const lost = { ring: 0, hardware: 0 };
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const self = spec.includeSelf ? -2 : Deno.pid;
  const pidAt = events.layout.pid;
  const sink: RecordSink = {
    sample(words, at): void {
      const index = events.indexOf(words, at);
      if (index < 0) return;
      samples++;
      const event = planned[index];
      if (event.stack !== null) chains++;
      let raw = -1;
      if (event.raw) {
        raw = recordAt(words, at, cx, event.stack !== null);
        if (raw < 0) {
          broken++;
          return;
        }
      }
      const own = (words[at + pidAt] | 0) === self;
      for (const use of event.uses) {
        // What was begun by another may end by us, and be marked: only what begins is left out.
        if (!own || use.side === SIDE.END || use.side === SIDE.MARK) rows.add(use, words, at, raw);
      }
    },
    record(record): void {
      if (record.type === "lost") {
        lost[record.by] += record.count;
        rows.gap();
      } else if (record.type === "throttle") throttled++;
      else tasks.take(record);
    },
    corrupt: () => void broken++,
  };

  /** Runs our own work with its CPU time counted. */
  const costed = <T>(work: () => T): T => {
    const before = clockNs(CLOCK.THREAD_CPUTIME_ID);
    try {
      return work();
    } finally {
      ownNs += clockNs(CLOCK.THREAD_CPUTIME_ID) - before;
    }
  };
  const flush = (): void => {
    if (rows.length > 0) output.push(rows.take());
  };
  const dispose = (): void => {
    ended = true;
    clearTimeout(timer);
    for (const end of [...waiting]) end();
    events[Symbol.dispose]();
    probes.dispose();
  };
  let pause: number = LOOK_MS.min;
  const look = (): void => {
    const busy = events.fill() > BUSY_FILL;
    costed(() => {
      events.drain(sink);
      if (rows.length >= FLUSH_ROWS || streams) flush();
    });
    if (streams && output.waiting > 0) { for (const end of [...waiting]) end(); }
    pause = busy ? Math.max(LOOK_MS.min, pause / 2) : Math.min(LOOK_MS.max, pause * 1.5);
    timer = setTimeout(look, pause);
  };

  let startNs: number;
  try {
    if (named || names.has("pid")) tasks.scan();
    startNs = clockNs();
    planned.forEach((_, i) => events.enable(i));
  } catch (error) {
    dispose();
    throw error;
  }
  timer = setTimeout(look, pause);
  undo.move();

  return {
    drain: () =>
      costed((): Batch => {
        if (!ended) events.drain(sink);
        flush();
        return output.take();
      }),
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        if (ended || output.waiting > 0) return resolve();
        const end = (): void => {
          clearTimeout(limit);
          waiting.delete(end);
          resolve();
        };
        const limit = setTimeout(end, timeoutMs);
        waiting.add(end);
      }),
    mechanisms: ["perf_event"],
    finish(): ProbeOutcome {
      if (ended) throw new TypeError("The session has already ended");
      try {
        const durationNs = costed(() => {
          events.stop();
          return Math.max(1, clockNs() - startNs);
        });
        const unseen = missed();
        const made = costed(() => {
          events.drain(sink, true);
          flush();
          return output.finish(durationNs);
        });
        return { ...made, quality: qualityOf(durationNs, unseen) };
      } finally {
        dispose();
      }
    },
    [Symbol.dispose]: dispose,
  };

  function qualityOf(durationNs: number, unseen: number): Quality {
    const missedIsExact = stackReader === null || !isKernelBefore(host, 5, 14);
    const counted = events.lost();
    return sessionQuality({
      plan,
      durationNs,
      cpuNs: ownNs,
      rows: output.rows,
      samples,
      chains,
      lost: {
        ...lost,
        ring: counted?.samples ?? lost.ring,
        broken,
        mapFull: output.lost + (rows.pairs?.lost ?? 0),
        doubtful: rows.pairs?.doubtful ?? 0,
        unseen: missedIsExact ? unseen : 0,
      },
      lostRecords: counted?.records ?? 0,
      unmatched: {
        starts: rows.pairs?.inFlight ?? 0,
        ends: rows.pairs?.unmatchedEnds ?? 0,
        replaced: rows.pairs?.replaced ?? 0,
      },
      unnamed,
      initialNamespace,
      throttled,
      missingCpus: events.missingCpus,
      truncated: stackReader?.truncated ?? 0,
      notes: [
        ...stackReader?.notes() ?? [],
        ...missedIsExact || unseen === 0 ? [] : [
          `Up to ${unseen} calls were missed: this kernel's counter of them (before Linux 5.14) also counts page faults of reading stacks.`,
        ],
      ],
    });
  }
}

/** Size of each CPU's ring: what the spec says, or less where there are many CPUs. */
function ringBytes({ spec: { output } }: PerfPlan, { host, cpus }: PerfMachine): number {
  const wanted = output.kind === "stream" && output.ringBytes > 0 ? output.ringBytes : RING_BYTES;
  const room = Math.min(wanted, MAX_RINGS_BYTES / cpus.length);
  return Math.max(host.pageSize, 2 ** Math.floor(Math.log2(room)));
}

/** Defines the events that are our own: only then the kernel has numbers for them. @throws {SysError} */
function withNumbers(
  events: readonly PlannedEvent[],
  host: Host,
  owned: DisposableStack,
): { readonly planned: readonly PlannedEvent[]; missed(): number } {
  const definitions = events.flatMap((e) => e.define ?? []);
  if (definitions.length === 0) return { planned: events, missed: () => 0 };
  const defined = owned.use(defineProbes(host, definitions));
  let next = 0;
  const planned = events.map((e) => e.define ? { ...e, attr: { ...e.attr, config: defined.ids[next++] } } : e);
  return { planned, missed: () => defined.missed() };
}
