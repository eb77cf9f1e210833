import { GoneError, type Profile, quality, UnsupportedError, UsageError } from "../core/data/mod.ts";
import { type Host, parseCpuList } from "../core/host/mod.ts";
import { readNumberFile } from "../core/host/read_number_file.ts";
import { openProbeEvents, type ProbeEvents, type RecordSink } from "../core/perf/mod.ts";
import { checkRequest } from "../core/profile/check_request.ts";
import { failureNotes } from "../core/profile/failure_notes.ts";
import { keptTables } from "../core/profile/kept_tables.ts";
import { nameProfile } from "../core/profile/name_profile.ts";
import type { CpuSampler, CpuSampleRequest } from "../core/profile/sampler.ts";
import { ERRNO, ownCpuNs, pause, SysError } from "../core/sys/mod.ts";
import { link } from "./asm/link.ts";
import { createMap, type MapSpec, readMap } from "./kernel/map.ts";
import { loadProgram } from "./kernel/program.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { possibleCpus } from "./possible_cpus.ts";
import { readNamespace } from "./probes/namespace.ts";
import { refusalOf } from "./refusal.ts";
import { collectCounts } from "./sampler/collect_counts.ts";
import { execIdOffset } from "./sampler/exec_id_offset.ts";
import { createSpilledSamples } from "./sampler/spilled_samples.ts";
import { openRing } from "./ring/ring_reader.ts";
import { openSampleEvents, type SampleEvents } from "./sampler/open_events.ts";
import { COUNTER, KEY, MAX_FRAMES, SAMPLER_MAP, samplerProgram } from "./sampler/program.ts";
import { createSampledPrograms } from "./sampler/sampled_programs.ts";

/**
 * A sampler that counts in the kernel: a BPF program on a perf event takes the kernel's and the user's stack by frame
 * pointers, and adds one to the count of who ran on which stacks. No slow reader loses samples. It does not know when
 * samples were taken, nor can it unwind by tables.
 *
 * @param places for distinct stacks in the kernel's map, a power of two; what finds none there takes the dear way
 * @example
 * ```ts ignore
 * const sample = bpfCpuSampler(openHost());
 * const { signal } = new AbortController();
 * const profile = await sample({ pid: 0, frequencyHz: 4999, durationNs: 3e9, kernel: true, user: true, signal });
 * ```
 */
export function bpfCpuSampler(host: Host, places = STACK_PLACES): CpuSampler {
  const { symbolisers } = keptTables(host);
  return async (request) => {
    checkRequest(request);
    const notes = checkServed(request, host);
    const before = ownCpuNs();
    const collected = await withRefusals(host, () => collect(host, request, places, notes));
    const { counters, durationNs, cycles } = collected;
    const cpu_ns = ownCpuNs() - before;
    const { lines = false, inlined = true } = request;
    const symboliser = symbolisers.start({ lines, inlined });
    const { profile, stackQuality, notes: named } = await nameProfile(collected, symboliser, lines);
    const { events, truncated, failures } = stackQuality;
    notes.push(...named, ...failureNotes(failures, events, 0).map(ownRemedy));
    if (!cycles && request.kernel) {
      notes.push(
        "Sampled by the CPU clock, as there are no hardware counters: kernel code that runs with interrupts off is " +
          "seen where it turns them on.",
      );
    }
    const own = counters[COUNTER.OWN];
    if (own > 0) {
      const share = Math.round(own / (own + events) * 1000) / 10;
      notes.push(`Sonde itself took ${own} of ${own + events} samples (${share} %): left out.`);
    }
    if (truncated > 0) notes.push(`${truncated} of ${events} stacks were cut at the kernel's limit of frames.`);
    const lost = counters[COUNTER.RING_FULL] + collected.full;
    const probe_ns = (events + own) * NS_PER_SAMPLE;
    return {
      ...profile,
      quality: quality({
        events,
        lost_by: lost > 0 ? { map_full: lost } : {},
        truncated,
        unwind_failures_by: failures,
        duration_ns: durationNs,
        cost: { cpu_ns, probe_ns, ratio: (cpu_ns + probe_ns) / durationNs, estimated: true },
        notes: [...new Set(notes)],
      }),
    } satisfies Profile;
  };
}

/** This sampler has no other way to unwind. */
function ownRemedy(note: string): string {
  return note.replace("--unwind auto", "--sampler perf");
}

/** What one sample costs in the kernel, ns: mostly the timer's interrupt, which is dear in a virtual machine. */
const NS_PER_SAMPLE = 15_000;
/** Bytes of each CPU's ring of mappings and names, and how often it is read. */
const RING_BYTES = 256 << 10;

/** @returns notes @throws {UsageError | UnsupportedError} for what counting in the kernel cannot do */
function checkServed(request: CpuSampleRequest, host: Host): string[] {
  const { unwind = "auto", timeline = false } = request;
  if (unwind === "dwarf" || unwind === "lbr") {
    throw new UsageError(
      `The BPF sampler cannot unwind by "${unwind}": stacks are counted in the kernel, by frame pointers`,
      "Use --sampler perf.",
    );
  }
  if (!readNamespace(host, () => ({ level: -1, tgid: -1 })).initial) {
    throw new UnsupportedError(
      "The BPF sampler sees process ids of the initial pid namespace, which is not ours",
      "Run it outside of the container, or use --sampler perf.",
    );
  }
  return timeline ? ["No times: the BPF sampler counts samples in the kernel. --sampler perf keeps them."] : [];
}

async function collect(host: Host, request: CpuSampleRequest, places: number, notes: string[]) {
  const frequencyHz = allowedFrequency(host, request, notes);
  const cpus = possibleCpus(host);
  const countSpec: MapSpec = {
    name: SAMPLER_MAP.counts,
    type: "percpu_hash",
    keyBytes: KEY.BYTES,
    valueBytes: 8,
    maxEntries: COUNT_PLACES,
  };
  const seenSpec: MapSpec = { name: "seen", type: "hash", keyBytes: KEY.SEEN_BYTES, valueBytes: 8, maxEntries: 16_384 };
  const counterSpec: MapSpec = { name: "counters", type: "percpu_array", keyBytes: 4, valueBytes: 16, maxEntries: 1 };
  using counts = createMap(countSpec);
  using stacks = createMap({
    name: SAMPLER_MAP.stacks,
    type: "stack_trace",
    keyBytes: 4,
    valueBytes: MAX_FRAMES * 8,
    maxEntries: places,
  });
  using seen = createMap(seenSpec);
  using counters = createMap(counterSpec);
  using ringMap = createMap({ name: "ring", type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: SPILL_BYTES });
  using ring = openRing(ringMap.fd, SPILL_BYTES, host.pageSize);
  const spilled = createSpilledSamples(ring);
  const fds: Record<string, number> = {
    [SAMPLER_MAP.ring]: ringMap.fd,
    [SAMPLER_MAP.counts]: counts.fd,
    [SAMPLER_MAP.stacks]: stacks.fd,
    [SAMPLER_MAP.seen]: seen.fd,
    [SAMPLER_MAP.counters]: counters.fd,
  };
  const insns = samplerProgram({
    kernel: request.kernel,
    user: request.user,
    selfTgid: request.pid === Deno.pid || request.pids?.includes(Deno.pid) ? null : Deno.pid,
    cgroup: request.cgroup === undefined ? null : cgroupOf(host, request.cgroup),
    execIdOffset: execIdOffset(host),
  });
  using program = loadProgram({
    name: "sonde_sample",
    type: "perf_event",
    code: link(insns, (name) => fds[name]),
  });

  const programs = createSampledPrograms(host);
  const watched = new Set<number>();
  let lostRecords = 0;
  const sink: RecordSink = {
    sample: () => {},
    record: (record) => {
      if (record.type === "lost") lostRecords += record.count;
      // A thread that one of the watched creates has inherited its event.
      else if (record.type === "fork" && watched.has(record.parentTid)) watched.add(record.tid);
      else if (record.type === "exit") watched.delete(record.tid);
      programs.record(record);
    },
    corrupt: () => lostRecords++,
  };
  using side = openProbeEvents({
    events: [],
    cpus: parseCpuList(Deno.readTextFileSync(host.path("cpu_online"))),
    ringBytes: RING_BYTES,
    pageSize: host.pageSize,
    tasks: true,
    mappings: true,
  });
  const { kernel, user } = request;
  const pids = request.pids ?? (request.pid === 0 ? [] : [request.pid]);
  using events = openSampleEvents(host, { program: program.fd, frequencyHz, kernel, user, all: pids.length === 0 });
  for (const pid of pids) watch(host, pid, events, side, sink, watched);
  events.enable();
  request.onReady?.();

  const start = performance.now();
  const known = new Set<string>();
  let ended = false;
  for (;;) {
    const left = request.durationNs / 1e6 - (performance.now() - start);
    if (left > 0) await pause(Math.min(left, LOOK_MS), request.signal);
    if (left <= LOOK_MS || request.signal.aborted || ended) break;
    look();
    // A record of an exit may have been lost.
    ended = pids.length > 0 &&
      (watched.size === 0 || lostRecords > 0 && pids.every((pid) => host.threads(pid).length === 0));
  }
  events.stop();
  const durationNs = Math.round((performance.now() - start) * 1e6);
  look();

  function look(): void {
    spilled.drain();
    side.drain(sink, true);
    const fresh: { pid: number; exec: number }[] = [];
    for (const { count, keys } of readMap(seen.fd, seenSpec, cpus)) {
      const words = new Uint32Array(keys.buffer);
      for (let i = 0; i < count; i++) {
        const [pid, exec] = [words[i * 2], words[i * 2 + 1]];
        const key = `${pid} ${exec}`;
        if (known.has(key)) continue;
        known.add(key);
        fresh.push({ pid, exec });
      }
    }
    if (fresh.length > 0) programs.seen(fresh);
  }

  if (request.signal.aborted && request.signal.reason?.name === "AbortError") {
    const planned = Math.round(request.durationNs / 1e8) / 10;
    notes.push(`Stopped after ${Math.round(durationNs / 1e8) / 10} s of ${planned} s.`);
  }
  if (ended && !request.ownCommand) {
    notes.push(`Process ${pids.join(", ")} ended after ${Math.round(durationNs / 1e8) / 10} s.`);
  }
  if (lostRecords > 0) notes.push(`${lostRecords} records of names and mappings were lost: some code has no name.`);
  if (events.missingCpus.length > 0) notes.push(`Not sampled, went offline: CPU ${events.missingCpus.join(", ")}.`);
  const raw = collectCounts({
    counts: { fd: counts.fd, spec: countSpec },
    stacks: stacks.fd,
    frames: MAX_FRAMES,
    spilled,
    cpus,
    programs,
    weightNs: 1e9 / frequencyHz,
  });
  return { ...raw, counters: readCounters(counters.fd, counterSpec, cpus), durationNs, cycles: events.cycles };
}

/** Watches all threads of a process, also those that are created meanwhile, each once. */
function watch(
  host: Host,
  pid: number,
  events: SampleEvents,
  side: ProbeEvents,
  sink: RecordSink,
  watched: Set<number>,
): void {
  const before = watched.size;
  for (let round = 0; round < 4; round++) {
    side.drain(sink, true);
    const fresh = host.threads(pid).filter((tid) => !watched.has(tid));
    if (fresh.length === 0) break;
    for (const tid of fresh) {
      // A thread that was created before its creator was watched has inherited nothing: records tell in which order.
      side.drain(sink, true);
      if (!watched.has(tid) && events.add(tid)) watched.add(tid);
    }
  }
  if (watched.size === before) throw new GoneError(`Process ${pid} does not exist`);
}

function readCounters(fd: number, spec: MapSpec, cpus: number): number[] {
  const sums = [0, 0];
  for (const { count, values } of readMap(fd, spec, cpus)) {
    if (count === 0) continue;
    const words = new BigUint64Array(values.buffer, 0, 2 * cpus);
    words.forEach((n, i) => sums[i & 1] += Number(n));
  }
  return sums;
}

/** What the machine and the budget allow. */
function allowedFrequency(host: Host, request: CpuSampleRequest, notes: string[]): number {
  const limit = readNumberFile(host.path("perf_event_paranoid").replace(/paranoid$/, "max_sample_rate")) ?? Infinity;
  let { frequencyHz } = request;
  if (limit < frequencyHz) {
    frequencyHz = limit;
    notes.push(`Sampled at ${limit} Hz: the sysctl kernel.perf_event_max_sample_rate allows no more.`);
  }
  if (request.budget === undefined) return frequencyHz;
  const cpus = navigator.hardwareConcurrency;
  const affordable = Math.max(1, Math.floor(request.budget * 1e9 / (NS_PER_SAMPLE * cpus)));
  if (affordable >= frequencyHz) return frequencyHz;
  notes.push(`Sampled at ${affordable} Hz: more could cost more than ${request.budget * 100} % of one CPU.`);
  return affordable;
}

function cgroupOf(host: Host, path: string): { id: number; level: number } {
  const id = host.cgroupId(path);
  if (id === null) throw new GoneError(`There is no cgroup "${path}" of version 2`);
  return { id, level: path.split("/").filter((part) => part !== "").length };
}

/** Puts refusals of the kernel into words. */
async function withRefusals<T>(host: Host, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SysError && error.errno === ERRNO.ESRCH) throw new GoneError("The process does not exist");
    if (!(error instanceof SysError || error instanceof VerifierError)) throw error;
    const { reason, remedy } = refusalOf(error, "sampling by BPF", host);
    throw new UnsupportedError(`Cannot sample by BPF: ${reason}`, remedy, { cause: error });
  }
}

/** How often new processes are looked for: one that lives shorter may keep only what its records tell. */
const LOOK_MS = 100;
/**
 * A map of stacks has one place for each hash, and takes 1 KiB of memory for each at once. Of 4,000 stacks one in nine
 * finds its place taken, and goes through the ring.
 */
const STACK_PLACES = 16_384;
const COUNT_PLACES = 16_384;
const SPILL_BYTES = 4 << 20;
