import { GoneError, type Quality, quality, type Table, UnsupportedError } from "../../data/mod.ts";
import { type Host, parseCpuList } from "../../host/mod.ts";
import { ERRNO, ownCpuNs, pause, SysError } from "../../sys/mod.ts";
import { type CounterReading, readingSince, runningRatio, scaledCount } from "./counter_value.ts";
import { counterRatios } from "./counter_ratios.ts";
import { type Counted, countersTable } from "./counters_table.ts";
import { type Counters, type CountTarget, openCounters } from "./open_counters.ts";
import { parseEvents } from "./parse_events.ts";
import { resolveEvents } from "./resolve_events.ts";

/** What to count. */
export interface CountRequest {
  /** As `perf stat -e` takes it: `cycles,instructions`, `{cycles,instructions}:u`. Default: {@linkcode defaultEvents}. */
  readonly events?: string;
  /** A process with all its threads and what they create; 0 for all CPUs. */
  readonly pid: number;
  /** Count from the moment that the process calls exec. */
  readonly onExec?: boolean;
  /** Nanoseconds; the signal can end it early. */
  readonly durationNs: number;
  readonly signal: AbortSignal;
  /** Called once, as soon as everything counts (or would, from exec on). */
  readonly onReady?: () => void;
  /** Told at the end of each interval of so many nanoseconds: the counts of that interval. */
  readonly every?: { readonly intervalNs: number; tell(counts: Counts): void };
}

/** Counts of a window. */
export interface Counts {
  /** Fields: event, value, unit, per_second, running, state, reason. */
  readonly counters: Table;
  /** Fields: metric, value, unit, of. What follows from the counters: instructions per cycle, miss ratios, … */
  readonly ratios: Table;
}

/**
 * What is counted when nothing else is asked for. Those in braces count at the same times.
 *
 * @param ofTasks whether tasks are counted, or whole CPUs: these have a clock of their own
 */
export function defaultEvents(ofTasks: boolean): string {
  return `${ofTasks ? "task-clock" : "cpu-clock"},context-switches,cpu-migrations,page-faults,` +
    "{cycles,instructions},{branches,branch-misses},{cache-references,cache-misses}";
}

/**
 * Counts events by perf_event_open(2) over a window. Events that the hardware counted only part of the time, as others
 * needed its counters too, are scaled and say so.
 *
 * @throws {UsageError} at an event that there is none of
 * @throws {UnsupportedError} when the kernel lets us count nothing of what was asked
 * @throws {GoneError} when the process does not exist
 */
export async function countEvents(host: Host, request: CountRequest): Promise<Counts> {
  const cpuBefore = ownCpuNs();
  const events = resolveEvents(parseEvents(request.events ?? defaultEvents(request.pid !== 0)), host);
  const target = targetOf(host, request);
  const ofTasks = target.kind === "threads";
  const notes: string[] = [];
  using counters = openAll(events, target, request.pid);
  refuseNothing(counters, host);
  if (target.kind === "threads") {
    const late = host.threads(request.pid).length - target.tids.length + counters.gone;
    if (late > 0) notes.push(`${late} threads were created while counters were being opened: they may not be counted.`);
  }
  const first = counters.counters.map((c) => c.read());
  const start = performance.now();
  request.onReady?.();
  let last = first;
  let lastAt = start;
  const elapsed = (): number => performance.now() - start;
  const until = request.durationNs / 1e6;
  const step = request.every ? request.every.intervalNs / 1e6 : until;
  const { every } = request;
  for (let round = 1;; round++) {
    const left = Math.min(round * step, until) - elapsed();
    if (left > 0) await pause(left, request.signal);
    if (request.signal.aborted || elapsed() >= until) break;
    if (every) {
      const now = counters.counters.map((c) => c.read());
      const at = performance.now();
      every.tell(countsOf(counters, last, now, (at - lastAt) * 1e6, ofTasks, quality()));
      last = now;
      lastAt = at;
    }
  }
  counters.disable();
  const end = counters.counters.map((c) => c.read());
  const durationNs = Math.round(elapsed() * 1e6);
  if (request.signal.aborted && request.signal.reason?.name === "AbortError") {
    notes.push(`Stopped after ${(durationNs / 1e9).toFixed(1)} s of ${(request.durationNs / 1e9).toFixed(1)} s.`);
  }
  if (every && lastAt > start && durationNs / 1e6 > lastAt - start) {
    every.tell(countsOf(counters, last, end, durationNs - (lastAt - start) * 1e6, ofTasks, quality()));
  }
  const cpu_ns = ownCpuNs() - cpuBefore;
  return countsOf(
    counters,
    first,
    end,
    durationNs,
    ofTasks,
    quality({
      notes: [...notes, ...problemNotes(counters, host)],
      cost: { cpu_ns, probe_ns: 0, ratio: durationNs > 0 ? cpu_ns / durationNs : 0, estimated: false },
    }),
  );
}

function targetOf(host: Host, { pid, onExec = false }: CountRequest): CountTarget {
  if (pid === 0) {
    const cpus = parseCpuList(Deno.readTextFileSync(host.path("cpu_online")));
    return { kind: "cpus", cpus: cpus.length > 0 ? cpus : [0] };
  }
  const tids = host.threads(pid);
  if (tids.length === 0) throw new GoneError(`Process ${pid} does not exist`);
  return { kind: "threads", tids, onExec };
}

function openAll(events: Parameters<typeof openCounters>[0], target: CountTarget, pid: number): Counters {
  try {
    return openCounters(events, target);
  } catch (error) {
    if (error instanceof SysError && error.errno === ERRNO.ESRCH) {
      throw new GoneError(`Process ${pid} does not exist`, { cause: error });
    }
    throw error;
  }
}

/** @throws {UnsupportedError} when no event can be counted for want of a privilege */
function refuseNothing({ counters }: Counters, host: Host): void {
  const [first] = counters;
  if (counters.some((c) => c.problem === null) || first.problem?.state !== "not_permitted") return;
  const level = host.features().perfEventParanoid;
  throw new UnsupportedError(
    `Cannot count ${counters.map((c) => c.event.label).join(", ")}: the kernel refuses perf_event_open ` +
      `(kernel.perf_event_paranoid is ${level ?? "not known"}).`,
    first.problem.error.remedy,
    { cause: first.problem.error },
  );
}

function countsOf(
  { counters }: Counters,
  before: readonly (CounterReading | null)[],
  now: readonly (CounterReading | null)[],
  durationNs: number,
  ofTasks: boolean,
  q: Quality,
): Counts {
  const counted = counters.map((c, i): Counted => {
    const from = before[i];
    const to = now[i];
    const reading = from && to ? readingSince(from, to) : null;
    // A task that never ran, or a command that never was executed, counted nothing: that is a count of 0.
    const idle = reading !== null && reading.enabledNs === 0n;
    const count = reading === null ? null : idle ? 0n : scaledCount(reading);
    return {
      event: c.event,
      group: c.group,
      count,
      running: reading === null ? null : runningRatio(reading),
      state: c.problem?.state ?? (count === null ? "not_counted" : "counted"),
      reason: reasonOf(c.problem?.error ?? null, c.userOnly, count),
    };
  });
  const scaled = counted.filter((c) => c.count !== null && c.running !== null && c.running < 1);
  const full = {
    ...q,
    events: counted.filter((c) => c.count !== null).length,
    duration_ns: Math.round(durationNs),
    estimated: scaled.length > 0,
    notes: scaled.length === 0 ? q.notes : [
      `${scaled.length} of ${counted.length} counts are scaled: more events than the processor has counters, so each ` +
      "counted part of the time (column running). Ask for fewer to have them exact.",
      ...q.notes,
    ],
  };
  return {
    counters: countersTable(counted, durationNs, full),
    ratios: counterRatios(counted, durationNs, ofTasks, full),
  };
}

function reasonOf(error: SysError | null, userOnly: boolean, count: bigint | null): string {
  if (error) return error.code;
  if (count === null) return "no counter of the processor was free";
  return userOnly ? "user code only" : "";
}

function problemNotes({ counters }: Counters, host: Host): string[] {
  const notes: string[] = [];
  const of = (state: string): string[] => counters.filter((c) => c.problem?.state === state).map((c) => c.event.label);
  const missing = of("not_supported");
  if (missing.length > 0) {
    notes.push(
      host.features().pmu
        ? `Not counted, as this processor or kernel has no such counter: ${missing.join(", ")}.`
        : `This machine offers no hardware counters (a virtual machine without a performance monitoring unit, or a kernel ` +
          `without its driver): ${missing.join(", ")} are not known. Software counters are exact.`,
    );
  }
  const refused = of("not_permitted");
  if (refused.length > 0) {
    const error = counters.find((c) => c.problem?.state === "not_permitted")!.problem!.error;
    notes.push(`Not counted for want of a privilege: ${refused.join(", ")}. ${error.remedy}`.trim());
  }
  const room = of("no_room");
  if (room.length > 0) notes.push(`Not counted, as there were too few descriptors or counters: ${room.join(", ")}.`);
  if (counters.some((c) => c.userOnly)) {
    notes.push("Only user code is counted: kernel.perf_event_paranoid keeps the kernel's from us.");
  }
  return notes;
}
