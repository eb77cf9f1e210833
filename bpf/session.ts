import { type Batch, type Quality, quality } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import { parseCpuList } from "../core/host/parse_cpu_list.ts";
import type { ProbeOutcome, ProbeSession } from "../core/plugin_api/engine.ts";
import { CLOCK, clockNs } from "../core/sys/mod.ts";
import { type Counter, COUNTERS, MAP } from "./codegen/gen.ts";
import { tableMaps } from "./codegen/aggregate.ts";
import type { Plan, PlannedTable } from "./codegen/plan.ts";
import { highestRows } from "./decode/highest_rows.ts";
import type { Attach } from "./probes/target.ts";
import { aggregateRows } from "./decode/aggregate_rows.ts";
import type { CodeReader, OpenCodeReader } from "./decode/code_reader.ts";
import { nameOf } from "./decode/names.ts";
import type { StackReader } from "./decode/stacks.ts";
import { type Meanings, structReader } from "./decode/struct_reader.ts";
import { programStats } from "./kernel/program.ts";
import { readMap, updateMap } from "./kernel/map.ts";
import { keepBudget } from "./budget.ts";
import type { LoadedPlan } from "./load.ts";
import { watchFiles } from "./replaced_files.ts";
import { meterRunTime, type RunTimeMeter } from "./run_time_meter.ts";
import { openPerfRings } from "./ring/perf_reader.ts";
import type { RecordSource } from "./ring/record_source.ts";
import { openRing, ringSource } from "./ring/ring_reader.ts";

/** What a session needs to know of the machine. */
export interface SessionMachine {
  readonly host: Host;
  /** CPUs that there may ever be: that many values has an entry of a per-CPU map. */
  readonly cpus: number;
  /** What may be spent, as a part of one CPU. */
  readonly budget?: number;
  /** For plans with stacks. */
  /** For plans with stacks or functions. */
  readonly openCode?: OpenCodeReader;
}

/** Shortest and longest time between two looks at the ring, in ms. */
const LOOK_MS = { min: 2, max: 25 } as const;
/** A ring this full is read at once; else it is left to fill for a while, since each look costs as much as many records. */
const READ_AT = 1 / 8;

/**
 * Attaches a loaded plan and answers the session that owns it.
 *
 * @throws {SysError} when attaching fails; everything is closed then
 */
export function openSession(
  plan: Plan,
  loaded: LoadedPlan,
  { host, cpus, budget, openCode }: SessionMachine,
): ProbeSession {
  let source: RecordSource | null = null;
  let meter: RunTimeMeter;
  let ended = false;
  const attached = plan.programs.map((p) => p.attach);
  try {
    source = openSource(loaded, host);
    // A reader of records must not stop to turn statistics on while they come.
    meter = meterRunTime(attached, loaded.programs, budget !== undefined || source !== null);
  } catch (error) {
    source?.[Symbol.dispose]();
    loaded[Symbol.dispose]();
    throw error;
  }
  try {
    if (plan.output.kind === "aggregate" && plan.output.highest) {
      raiseThreshold(loaded, plan.output.highest.spec.atLeast);
    }
    if (plan.family !== undefined) {
      const { fd } = loaded.maps.get(MAP.family)!;
      updateMap(fd.fd, BigUint64Array.of(BigInt(plan.family)), new BigUint64Array(1), "the family");
    }
    loaded.attach();
  } catch (error) {
    source?.[Symbol.dispose]();
    meter[Symbol.dispose]();
    loaded[Symbol.dispose]();
    throw error;
  }
  const startNs = clockNs();
  let stacks: StackReader | null = null;
  let code: CodeReader | null = null;
  const codeReader = (): CodeReader => {
    if (!openCode) throw new TypeError("The reader of code is not loaded");
    return code ??= openCode(host);
  };
  const meanings: Meanings = {
    name: (table, n) => nameOf(table, n, host),
    stacks(): StackReader {
      const { fd, spec } = loaded.maps.get(MAP.stacks)!;
      return stacks ??= codeReader().stacks(fd.fd, spec.valueBytes / 8);
    },
    function: (pid, address) => codeReader().function(pid, address),
  };
  const { output } = plan;
  const reader = output.kind === "stream" ? structReader(output.record, meanings) : null;
  const highest = output.kind === "aggregate" && output.highest ? highestRows(output.highest, meanings) : null;
  const waiting = new Set<() => void>();
  const replacedFiles = watchFiles(attached);
  let endNs: number | null = null;
  let ownNs = 0;
  let events = 0;
  let overflow = 0;

  /** Runs our own work with its CPU time counted. */
  const costed = <T>(work: () => T): T => {
    const before = clockNs(CLOCK.THREAD_CPUTIME_ID);
    try {
      return work();
    } finally {
      ownNs += clockNs(CLOCK.THREAD_CPUTIME_ID) - before;
    }
  };
  const readHighest = (all: boolean): void => {
    if (!source || !highest) return;
    const before = highest.threshold;
    source.drain(highest.read, all);
    if (highest.threshold > before && !all) raiseThreshold(loaded, highest.threshold);
  };
  const readRecords = (all: boolean): Batch => {
    readHighest(all);
    if (!source || !reader) return { length: 0, fields: [], columns: [] };
    events += source.drain((bytes, words, at) => reader.read(bytes, words, at), all);
    return reader.take();
  };
  const readTable = (table: PlannedTable, number: number, durationNs: number): Batch => {
    const names = tableMaps(number);
    const { fd, spec } = loaded.maps.get(names.aggregate)!;
    const { keys, states, spec: wanted } = table;
    const counted = loaded.maps.get(names.buckets);
    const buckets = counted ? readMap(counted.fd.fd, counted.spec, cpus) : [];
    const rows = aggregateRows(
      { states: readMap(fd.fd, spec, cpus), buckets },
      { keys, states, aggregates: wanted.aggregates, maxKeys: wanted.maxKeys, cpus, durationNs },
      meanings,
    );
    // All tables are of the same events.
    if (number === 0) events = rows.events;
    overflow += rows.lost;
    return rows.batch;
  };
  /** Ends early when the session ends, and leaves no timer behind. */
  const pauseFor = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      waiting.add(end);
    });
  const detach = (): void => {
    if (endNs !== null) return;
    endNs = clockNs();
    loaded.detach();
  };
  const keeper = budget === undefined ? null : keepBudget({
    budget,
    spentNs: () => ownNs + meter.spentNs(clockNs() - startNs, readCounters(loaded, cpus).offered),
    sample: (shift) => {
      const control = loaded.maps.get(MAP.control);
      if (control) updateMap(control.fd.fd, Uint32Array.of(0), BigUint64Array.of(BigInt(shift)), "the sampling");
    },
    detach,
  });
  const dispose = (): void => {
    keeper?.[Symbol.dispose]();
    ended = true;
    for (const end of [...waiting]) end();
    source?.[Symbol.dispose]();
    source = null;
    meter[Symbol.dispose]();
    loaded[Symbol.dispose]();
  };

  return {
    drain: () => costed(() => readRecords(false)),
    async wait(timeoutMs): Promise<void> {
      const until = performance.now() + timeoutMs;
      for (let pause: number = LOOK_MS.min;; pause = Math.min(pause * 2, LOOK_MS.max)) {
        const left = until - performance.now();
        const fill = source?.fill() ?? 0;
        if (ended || left <= 0 || fill >= READ_AT || fill > 0 && pause === LOOK_MS.max) return;
        // Without a ring there is nothing to look for.
        await pauseFor(source ? Math.min(pause, left) : left);
      }
    },
    mechanisms: mechanismsOf(plan.programs.flatMap((p) => p.role === "fork" ? [] : [p.attach])),
    finish(): ProbeOutcome {
      if (ended) throw new TypeError("The session has already ended");
      try {
        keeper?.[Symbol.dispose]();
        costed(detach);
        const durationNs = Math.max(1, endNs! - startNs);
        if (output.kind === "stream") {
          const batch = costed(() => readRecords(true));
          return { batch, quality: qualityOf(durationNs) };
        }
        const [batch, ...beside] = costed(() => output.tables.map((t, i) => readTable(t, i, durationNs)));
        costed(() => readHighest(true));
        const rows = highest && costed(() => highest.take());
        return { batch, quality: qualityOf(durationNs), beside, ...(rows && { highest: rows }) };
      } finally {
        dispose();
      }
    },
    [Symbol.dispose]: dispose,
  };

  function qualityOf(durationNs: number): Quality {
    const counters = readCounters(loaded, cpus);
    const runs = loaded.programs.map((p) => programStats(p.fd));
    // Each CPU has room for all keys, so the limit is met when they are put together.
    counters.map_full += overflow;
    // Rows of the highest are in the tables as well.
    const missing = highest ? highest.missing(counters.ring, readMissed(loaded, cpus)) : null;
    if (highest) counters.ring = 0;
    const missed = runs.reduce((n, r) => n + r.missed, counters.busy);
    const lost_by: Record<string, number> = {};
    for (const why of ["ring", "map_full", "buckets_full"] as const) {
      if (counters[why] > 0) lost_by[why] = counters[why];
    }
    if (missed > 0) lost_by.recursion = missed;
    const probe_ns = meter.spentNs(durationNs, events);
    const sampled = (keeper?.highest ?? 0) > 0;
    const sampling = sampled && counters.offered > 0 ? counters.taken / counters.offered : 1;
    const inFlight = loaded.maps.get(MAP.inFlight);
    let open = 0;
    if (inFlight) { for (const { count } of readMap(inFlight.fd.fd, inFlight.spec, 1)) open += count; }
    return quality({
      events,
      lost_by,
      truncated: counters.truncated,
      unwind_failures_by: counters.stack_collision > 0 ? { stack_collision: counters.stack_collision } : {},
      unmatched: { starts: open, ends: counters.unmatched_ends, replaced: counters.replaced },
      duration_ns: durationNs,
      cost: { cpu_ns: ownNs, probe_ns, ratio: (ownNs + probe_ns) / durationNs, estimated: meter.estimated },
      sampling,
      estimated: sampled,
      notes: [
        ...(keeper?.detached ? [keeper.detached] : []),
        ...(code?.notes() ?? []),
        ...replacedFiles(),
        ...(missing ? [missing] : []),
      ],
    });
  }
}

/** From which value on rows of the highest are sent. */
function raiseThreshold(loaded: LoadedPlan, to: number): void {
  const { fd } = loaded.maps.get(MAP.threshold)!;
  updateMap(fd.fd, Uint32Array.of(0), BigUint64Array.of(BigInt(to)), "the threshold of the highest rows");
}

/** How the programs were attached, each once. */
function mechanismsOf(attached: readonly Attach[]): string[] {
  const names = attached.map((a) => {
    switch (a.kind) {
      case "trampoline":
        return a.exit ? "fexit" : "fentry";
      case "kprobe":
        return a.returns ? "kretprobe" : "kprobe";
      case "uprobe":
        return a.multi ? "uprobe_multi" : a.returns ? "uretprobe" : "uprobe";
      default:
        return a.kind;
    }
  });
  // Entries first: ends are attached before them.
  return [...new Set(names.reverse())];
}

/** The highest value that found no room, null for none. */
function readMissed(loaded: LoadedPlan, cpus: number): number | null {
  const { fd, spec } = loaded.maps.get(MAP.missed)!;
  let most = 0n;
  for (const { values } of readMap(fd.fd, spec, cpus)) {
    for (const word of new BigUint64Array(values.buffer).subarray(0, cpus)) if (word > most) most = word;
  }
  return most === 0n ? null : Number(most - 1n);
}

/** Where the records of a stream come from; null for aggregates without. */
function openSource(loaded: LoadedPlan, host: Host): RecordSource | null {
  const map = loaded.maps.get(MAP.ring);
  if (!map) return null;
  if (map.spec.type === "ringbuf") return ringSource(openRing(map.fd.fd, map.spec.maxEntries, host.pageSize));
  const online = parseCpuList(Deno.readTextFileSync(host.path("cpu_online")));
  return openPerfRings(map.fd.fd, online, map.spec.ringBytes!, host.pageSize);
}

function readCounters(loaded: LoadedPlan, cpus: number): Record<Counter, number> {
  const { fd, spec } = loaded.maps.get(MAP.counters)!;
  const totals = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;
  for (const { count, values, valueStride } of readMap(fd.fd, spec, cpus)) {
    if (count === 0) continue;
    const words = new BigUint64Array(values.buffer);
    const perCpu = valueStride / 8 / cpus;
    for (let cpu = 0; cpu < cpus; cpu++) {
      COUNTERS.forEach((name, i) => totals[name] += Number(words[cpu * perCpu + i]));
    }
  }
  return totals;
}
