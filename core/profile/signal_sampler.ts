import { assetBytes } from "../assets/mod.ts";
import { type Profile, quality, UsageError } from "../data/mod.ts";
import { type Host, isKernelBefore } from "../host/mod.ts";
import { initRingGroup, LAYOUT, type RingGroupReader, ringGroupReader, ringGroupSize, ringSize } from "../ring/mod.ts";
import {
  check,
  CLOCK,
  clockNs,
  clockNsBig,
  MAP,
  memfd,
  mmapFd,
  NR,
  ownCpuNs,
  pause,
  PROT,
  syscall,
  write,
} from "../sys/mod.ts";
import { checkRequest } from "./check_request.ts";
import { type CopiedSamples, createCopiedSamples } from "./_copied_samples.ts";
import { failureNotes } from "./failure_notes.ts";
import { keptTables } from "./kept_tables.ts";
import { nameProfile } from "./name_profile.ts";
import { SHARED_HEAD as H, SHARED_MAGIC, SHARED_STATE } from "./native/shared_head.ts";
import type { CpuSampler, CpuSampleRequest } from "./sampler.ts";

/** What a command has to be started with, and who samples it then. */
export interface SignalSampling extends Disposable {
  /** To be added to the command's environment. Whatever the command starts inherits it. */
  readonly env: Readonly<Record<string, string>>;
  /** Samples all processes that were started so; `pid` is the first of them. */
  readonly sample: CpuSampler;
}

/** Options of {@linkcode prepareSignalSampling}: those of the request that will follow. */
export type SignalSamplingOptions = Pick<CpuSampleRequest, "frequencyHz" | "stackBytes">;

/**
 * Prepares sampling by SIGPROF: a library that is loaded into the command (LD_PRELOAD) has the kernel interrupt it as CPU
 * time passes, and copies registers and stack into rings that are read here. It takes no privilege and no perf events.
 * Programs that are linked statically or run as another user are not seen.
 *
 * @example
 * ```ts ignore
 * using sampling = prepareSignalSampling(host, { frequencyHz: 99 });
 * const child = new Deno.Command("make", { env: sampling.env }).spawn();
 * const profile = await sampling.sample({ pid: child.pid, frequencyHz: 99, durationNs: 60e9, kernel: false, user: true, signal });
 * ```
 */
export function prepareSignalSampling(host: Host, options: SignalSamplingOptions): SignalSampling {
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const stackBytes = options.stackBytes ?? STACK_BYTES;
  const rings = Math.max(8, 2 * navigator.hardwareConcurrency);
  const ringsBytes = ringGroupSize(rings, RING_BYTES);
  const shared = owned.use(memfd("sonde-samples"));
  check(syscall(NR.ftruncate, shared.fd, HEAD_BYTES + ringsBytes), "ftruncate");
  const mapping = owned.use(mmapFd(shared.fd, HEAD_BYTES + ringsBytes, PROT.READ | PROT.WRITE, MAP.SHARED));
  // Rings begin where their own memory begins.
  const memory = owned.use(mmapFd(shared.fd, ringsBytes, PROT.READ | PROT.WRITE, MAP.SHARED, HEAD_BYTES));
  initRingGroup(memory.buffer, rings, RING_BYTES);
  const head = new DataView(mapping.buffer, 0, H.BYTES);
  // Since Linux 6.4 a process's timer interrupts the thread that runs (kernel/signal.c, send_sigqueue).
  const oneThread = isKernelBefore(host, 6, 4);
  head.setUint32(H.STACK_BYTES, stackBytes, true);
  head.setUint32(H.ONE_THREAD, oneThread ? 1 : 0, true);
  head.setBigUint64(H.PERIOD, BigInt(Math.round(1e9 / options.frequencyHz)), true);
  head.setBigUint64(H.RINGS_AT, BigInt(HEAD_BYTES), true);
  head.setBigUint64(H.RINGS_BYTES, BigInt(ringsBytes), true);
  head.setBigUint64(H.RINGS, BigInt(rings), true);
  head.setUint32(H.MAGIC, SHARED_MAGIC, true);

  const library = owned.use(memfd("sonde-sampler.so"));
  const object = assetBytes(`core/profile/native/sampler-${Deno.build.arch}.so`);
  if (write(library.fd, object) !== object.length) throw new Error("Cannot write the sampling library to memory");
  const pathOf = (fd: number): string => `${host.path("pid_fd", Deno.pid)}/${fd}`;
  const preload = [pathOf(library.fd), Deno.env.get("LD_PRELOAD") ?? ""].filter((path) => path !== "").join(":");
  const words = new Int32Array(mapping.buffer, 0, H.BYTES / 4);
  const owners = Array.from(
    { length: rings },
    (_, i) => new Int32Array(memory.buffer, i * ringSize(RING_BYTES) + LAYOUT.OWNER, 1),
  );
  const reader = ringGroupReader(memory.buffer);
  const { symbolisers, unwinder } = keptTables(host);
  undo.move();

  const sample: CpuSampler = async (request) => {
    checkRequest(request);
    const unwind = checkServed(request);
    const before = ownCpuNs();
    const samples = createCopiedSamples(host, unwinder(unwind), {
      states: false,
      timeline: request.timeline === true,
    });
    const held = new Map<number, number>();
    let damaged = 0;
    const drain = (): void => {
      head.setBigUint64(H.BEAT, BigInt(Math.round(clockNs(CLOCK.MONOTONIC))), true);
      damaged += drainRings(reader, samples.record);
      freeAbandoned(host, owners, held);
    };
    drain();
    const startNs = clockNs(CLOCK.MONOTONIC);
    const startUnixNs = clockNsBig(CLOCK.REALTIME);
    Atomics.store(words, H.STATE / 4, SHARED_STATE.ON);
    request.onReady?.();
    const start = performance.now();
    let ended = false;
    for (;;) {
      const left = request.durationNs / 1e6 - (performance.now() - start);
      if (left <= 0 || request.signal.aborted || ended) break;
      await pause(Math.min(left, DRAIN_MS), request.signal);
      ended = host.processStat(request.pid) === null;
      drain();
    }
    Atomics.store(words, H.STATE / 4, SHARED_STATE.OFF);
    const durationNs = Math.round((performance.now() - start) * 1e6);
    drain();
    const cpu_ns = ownCpuNs() - before;
    const { lines = false, inlined = true } = request;
    const raw = samples.raw(startNs, startUnixNs);
    const symboliser = symbolisers.start({ lines, inlined });
    const { profile, stackQuality, notes: named } = await nameProfile(raw, symboliser, lines);
    const { events, failures } = stackQuality;
    const notes = [...named, ...failureNotes(failures, events, stackBytes)];
    const attached = words[H.ATTACHED / 4];
    if (attached === 0) {
      notes.push(
        "The sampling library was not loaded: the command is linked statically, runs as another user or with more " +
          "privileges (setuid), or has cleared its environment. Use --sampler ptrace or perf.",
      );
    }
    if (words[H.OCCUPIED / 4] > 0) {
      notes.push(`${words[H.OCCUPIED / 4]} processes were left alone, as they use SIGPROF themselves.`);
    }
    if (words[H.REFUSED / 4] > 0) {
      notes.push(`${words[H.REFUSED / 4]} processes were not sampled: the kernel gave them no timer.`);
    }
    if (oneThread && attached > 0) {
      notes.push(
        "Only the first thread of each process was sampled: before Linux 6.4 others get no signal of its timer.",
      );
    }
    if (request.kernel) notes.push("Kernel code is not sampled: a signal shows where it returns to.");
    notes.push(...sparse(profile, events, request.frequencyHz));
    if (request.signal.aborted && request.signal.reason?.name === "AbortError") {
      notes.push(
        `Stopped after ${Math.round(durationNs / 1e8) / 10} s of ${Math.round(request.durationNs / 1e8) / 10} s.`,
      );
    }
    const lost = reader.lost();
    const busy = Number(head.getBigUint64(H.BUSY, true));
    return {
      ...profile,
      quality: quality({
        events,
        lost_by: {
          ...(lost + busy > 0 && { ring: lost + busy }),
          ...(samples.full > 0 && { map_full: samples.full }),
          ...(samples.corrupt + damaged > 0 && { corrupt: samples.corrupt + damaged }),
        },
        unwind_failures_by: failures,
        duration_ns: durationNs,
        cost: {
          cpu_ns,
          probe_ns: events * NS_PER_SIGNAL,
          ratio: durationNs > 0 ? (cpu_ns + events * NS_PER_SIGNAL) / durationNs : 0,
          estimated: true,
        },
        notes: [...new Set(notes)],
      }),
    } satisfies Profile;
  };
  return {
    env: { LD_PRELOAD: preload, SONDE_SAMPLER: pathOf(shared.fd) },
    sample,
    [Symbol.dispose]: () => {
      // Its memory is gone after the first time.
      if (owned.disposed) return;
      Atomics.store(words, H.STATE / 4, SHARED_STATE.OFF);
      owned.dispose();
    },
  };
}

/** @throws {UsageError} for what signals cannot do */
function checkServed({ pid, pids, user, unwind = "auto", cgroup }: CpuSampleRequest): "auto" | "fp" | "dwarf" {
  if (pid === 0 || pids !== undefined || cgroup !== undefined) {
    throw new UsageError(
      "The signal sampler samples a command that it starts",
      "sonde profile --sampler signal -- COMMAND",
    );
  }
  if (!user) throw new UsageError("The signal sampler sees user code only", "Use --sampler perf for the kernel's.");
  if (unwind === "lbr") {
    throw new UsageError("The signal sampler has no branch records to unwind by", "Use --unwind auto.");
  }
  return unwind;
}

/**
 * Reads all rings. The sampled programs can write into them: one that holds nonsense is skipped, so that the others are
 * still read.
 *
 * @returns how many times a ring held nonsense
 */
function drainRings(reader: RingGroupReader, record: CopiedSamples["record"]): number {
  for (let damaged = 0;;) {
    try {
      reader.drain((ring, at, length) => record(reader.rings[ring].view, reader.rings[ring].bytes, at, length));
      return damaged;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Those before it are read by now. Who goes on to write nonsense does not keep us here.
      if (++damaged > reader.rings.length) return damaged;
    }
  }
}

/**
 * Gives back rings whose writer was killed in the midst of a record. A ring is held for microseconds: who still has it at
 * the next look, and is gone, will not return.
 */
function freeAbandoned(host: Host, owners: readonly Int32Array[], held: Map<number, number>): void {
  owners.forEach((word, i) => {
    const owner = Atomics.load(word, 0);
    if (owner === 0) held.delete(i);
    else if (held.get(i) !== owner) held.set(i, owner);
    else if (host.processStat(owner) === null) Atomics.compareExchange(word, 0, owner, 0);
  });
}

/** CPU timers are looked at when the kernel's clock ticks, 100 to 1000 times a second: a sample may stand for several. */
function sparse(profile: Profile, events: number, frequencyHz: number): string[] {
  const ns = profile.stacks.reduce((sum, s) => sum + s.values[1], 0);
  const each = ns / events;
  if (!(each > 1.5e9 / frequencyHz)) return [];
  return [
    `Sampled at ${
      Math.round(1e9 / each)
    } Hz in place of ${frequencyHz}: the kernel looks at timers of CPU time when its ` +
    `clock ticks. Each sample stands for the time since the last.`,
  ];
}

const HEAD_BYTES = 65_536; // a multiple of every page size
const RING_BYTES = 2 << 20;
const STACK_BYTES = 16 << 10;
const DRAIN_MS = 20;
/** What a signal costs the sampled process, ns: the kernel's way in and out, and the copy of a stack. */
const NS_PER_SIGNAL = 8_000;
