import { GoneError, UnsupportedError } from "../data/mod.ts";
import { type Host, parseCpuList } from "../host/mod.ts";
import { HW, openSampler, PERF_TYPE, type Sampler, type SamplerOptions, SW } from "../perf/mod.ts";
import { readProcFile } from "../symbols/mod.ts";
import { ERRNO, type Fd, O, open, SysError } from "../sys/mod.ts";
import type { CpuSampleRequest } from "./sampler.ts";

/** How the user part of stacks comes about: unwound by us from copies, by the kernel, or by the processor. */
export type UserStacks = "copy" | "chain" | "lbr";

/** Open events of a CPU profile. */
export interface CpuEvents extends Disposable {
  readonly sampler: Sampler;
  /** Samples a second, as granted. */
  readonly frequencyHz: number;
  /** Whether the CPU clock is sampled: its samples also come from CPUs that are idle. */
  readonly clock: boolean;
  readonly userStacks: UserStacks;
  /** Bytes of stack that a sample copies; 0 for none. */
  readonly stackBytes: number;
  /** How often the rings are to be read so that none fills, in ms. */
  readonly drainMs: number;
  /** When the events watch whole CPUs for some processes: only their samples and their children's count. */
  readonly onlyPids: readonly number[];
  /** When the events watch whole CPUs for a cgroup: whether a process is in it. */
  readonly inCgroup: ((pid: number) => boolean) | null;
  /** The threads that are watched one by one; null when whole CPUs are. */
  readonly threads: readonly number[] | null;
  readonly notes: readonly string[];
}

type Opened = Pick<CpuEvents, "sampler" | "clock" | "frequencyHz" | "userStacks" | "stackBytes" | "drainMs">;
type Event = SamplerOptions["event"];
/** Whom the events watch. */
type Target = Pick<SamplerOptions, "tids" | "cgroupFd">;

/**
 * Opens events for a request: cycles if the processor counts them, else the CPU clock; kernel code if we may see it.
 *
 * @throws {UnsupportedError} when the kernel or our privileges refuse
 * @throws {GoneError} when the process, or the cgroup, does not exist
 */
export function openCpuEvents(host: Host, request: CpuSampleRequest): CpuEvents {
  const notes: string[] = [];
  const openFor = (target: Target): Opened => openBest(host, request, target, notes);
  const own = (events: Opened, rest: Partial<CpuEvents> = {}): CpuEvents => ({
    onlyPids: [],
    inCgroup: null,
    threads: null,
    ...events,
    ...rest,
    notes,
    [Symbol.dispose]: () => events.sampler[Symbol.dispose](),
  });
  if (request.cgroup !== undefined) {
    const directory = host.perfCgroupDirectory(request.cgroup);
    if (directory !== null) {
      using fd = openDirectory(directory);
      return own(openFor({ tids: null, cgroupFd: fd.fd }));
    }
    if (host.cgroup(request.cgroup) === null) throw new GoneError(`There is no cgroup ${request.cgroup}`);
    notes.push(
      `The kernel counts no perf events for ${request.cgroup}: all CPUs are sampled, and processes chosen by what ` +
        "they were in when first seen.",
    );
    return own(openFor({ tids: null }), { inCgroup: cgroupFilter(host, request.cgroup) });
  }
  const pids = pidsOf(request);
  if (pids.length === 0) return own(openFor({ tids: null }));
  const tids = pids.flatMap((pid) => {
    const threads = host.threads(pid);
    if (threads.length === 0) throw new GoneError(`Process ${pid} does not exist`);
    return threads;
  });
  if (tids.length * onlineCpus(host).length > MAX_EVENTS) return own(openFor({ tids: null }), { onlyPids: pids });
  return own(openFor({ tids }), { threads: tids });
}

/** The processes that a request names; none for all CPUs. */
export function pidsOf({ pid, pids }: CpuSampleRequest): readonly number[] {
  return pids ?? (pid === 0 ? [] : [pid]);
}

function openDirectory(path: string): Fd {
  try {
    return open(path, O.RDONLY);
  } catch (error) {
    if (error instanceof SysError && error.errno === ERRNO.ENOENT) throw new GoneError(`There is no cgroup ${path}`);
    throw error;
  }
}

/** Whether a process is in a cgroup or in one below it. Asked once a process. */
function cgroupFilter(host: Host, cgroup: string): (pid: number) => boolean {
  const known = new Map<number, boolean>();
  const below = cgroup.endsWith("/") ? cgroup : `${cgroup}/`;
  return (pid) => {
    let is = known.get(pid);
    if (is === undefined) {
      is = host.processCgroups(pid).some((path) => path === cgroup || path.startsWith(below));
      known.set(pid, is);
    }
    return is;
  };
}

function openBest(
  host: Host,
  request: CpuSampleRequest,
  target: Target,
  notes: string[],
): Opened {
  const cpus = onlineCpus(host);
  const frequencyHz = Math.min(request.frequencyHz, maxSampleRate(host));
  if (frequencyHz < request.frequencyHz) {
    notes.push(`Sampled at ${frequencyHz} Hz: the sysctl kernel.perf_event_max_sample_rate allows no more.`);
  }
  const method = request.unwind ?? "auto";
  const userStacks = method === "lbr" ? "lbr" : method === "fp" || !request.user ? "chain" : "copy";
  const stackBytes = userStacks === "copy" ? request.stackBytes ?? defaultStackBytes(frequencyHz) : 0;
  const bytesPerSecond = frequencyHz * (stackBytes === 0 ? RECORD_BYTES : COPY_HEAD_BYTES + stackBytes);
  const wanted = Math.max(
    stackBytes > 0 ? COPY_RING : MIN_RING,
    2 ** Math.round(Math.log2(bytesPerSecond * SECONDS_BUFFERED)),
  );
  const ringBytes = Math.min(wanted, Math.max(MIN_RING, 2 ** Math.floor(Math.log2(ALL_RINGS / cpus.length))));
  const openEvent = (event: Event, kernel: boolean, clock: boolean): Opened => {
    const sampler = openSampler({
      event: { ...event, excludeKernel: !kernel, excludeUser: !request.user },
      frequencyHz,
      cpus,
      ...target,
      ...(stackBytes > 0 ? { stackBytes } : {}),
      branches: userStacks === "lbr",
      ringBytes,
      pageSize: host.pageSize,
    });
    const fullAfterMs = sampler.ringBytes / bytesPerSecond * 1000;
    const drainMs = Math.round(
      Math.min(request.ownCommand ? COMMAND_DRAIN_MS : MAX_DRAIN_MS, Math.max(MIN_DRAIN_MS, fullAfterMs / 3)),
    );
    return { sampler, clock, frequencyHz, userStacks, stackBytes, drainMs };
  };
  const openAny = (kernel: boolean): Opened => {
    try {
      // In frequency mode the kernel adjusts the period in cycles until it takes that many samples a second.
      return openEvent(CYCLES, kernel, false);
    } catch (error) {
      if (!(error instanceof SysError) || !NO_COUNTER.has(error.errno)) throw error;
      if (userStacks === "lbr") {
        throw new UnsupportedError(
          `The processor keeps no record of calls that perf_event_open can read (${error.code})`,
          "Use --unwind auto: it needs no such hardware",
          { cause: error },
        );
      }
    }
    const events = openEvent(CPU_CLOCK, kernel, true);
    if (kernel) {
      notes.push(
        "Sampled by the CPU clock, as there are no hardware counters: kernel code that runs with interrupts off is " +
          "seen where it turns them on.",
      );
    }
    return events;
  };
  try {
    try {
      return openAny(request.kernel);
    } catch (error) {
      if (!isDenied(error) || !request.kernel || !request.user) throw error;
      const events = openAny(false);
      notes.push(`Kernel code is not sampled: ${denial(host)} ${(error as SysError).remedy}`);
      return events;
    }
  } catch (error) {
    throw explain(host, request, error);
  }
}

/** Copies are only read where frames lie, so their size costs little but memory: the ring's, and that of the kernel. */
function defaultStackBytes(frequencyHz: number): number {
  return frequencyHz <= 1000 ? 32 << 10 : frequencyHz <= 2500 ? 16 << 10 : 8 << 10;
}

function onlineCpus(host: Host): number[] {
  const cpus = parseCpuList(smallFile(host.path("cpu_online")));
  return cpus.length > 0 ? cpus : [0];
}

/** The kernel lowers this limit by itself when sampling takes too long. */
function maxSampleRate(host: Host): number {
  const rate = parseInt(smallFile(host.path("perf_event_paranoid").replace(/paranoid$/, "max_sample_rate")));
  return rate >= 1 ? rate : Infinity;
}

function smallFile(path: string): string {
  const bytes = readProcFile(path, 1 << 16);
  return bytes ? new TextDecoder().decode(bytes) : "";
}

function explain(host: Host, request: CpuSampleRequest, error: unknown): unknown {
  if (!(error instanceof SysError)) return error;
  const pids = pidsOf(request).join(", ");
  const what = pids === "" ? "Cannot sample the CPUs" : `Cannot sample process ${pids}`;
  if (error.errno === ERRNO.ESRCH) return new GoneError(`Process ${pids} does not exist`);
  if (isDenied(error)) return new UnsupportedError(`${what}: ${denial(host)}`, error.remedy, { cause: error });
  return new UnsupportedError(`${what}: ${error.message}`, error.remedy, { cause: error });
}

function isDenied(error: unknown): boolean {
  return error instanceof SysError && (error.errno === ERRNO.EACCES || error.errno === ERRNO.EPERM);
}

function denial(host: Host): string {
  const level = host.features().perfEventParanoid;
  return `the kernel refuses perf_event_open (kernel.perf_event_paranoid is ${level ?? "not known"}).`;
}

const CYCLES: Event = { type: PERF_TYPE.HARDWARE, config: HW.CPU_CYCLES };
const CPU_CLOCK: Event = { type: PERF_TYPE.SOFTWARE, config: SW.CPU_CLOCK, excludeIdle: true };
/** No counter, none that interrupts, or none on one of the CPUs (machines that mix kinds of cores). */
const NO_COUNTER: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ENODEV, ERRNO.EOPNOTSUPP, ERRNO.EINVAL]);
/** Above so many descriptors, watching whole CPUs and choosing is cheaper, and stays below usual limits. */
export const MAX_EVENTS = 4096;
const RECORD_BYTES = 1200;
/** What a sample with a copy holds beside it: the kernel's chain, registers. */
const COPY_HEAD_BYTES = 512;
const SECONDS_BUFFERED = 0.25;
/** The kernel lets an unprivileged user lock 516 KiB a CPU (sysctl kernel.perf_event_mlock_kb). */
const MIN_RING = 512 << 10;
/** Tables that have to be read when a file is first seen, and a machine that is busy, keep us from reading rings. */
const COPY_RING = 4 << 20;
/** All CPUs' rings together. */
const ALL_RINGS = 64 << 20;
/** Often enough that a process seen for the first time is still there to be asked. */
const MAX_DRAIN_MS = 100;
/** What a build starts may live for tens of milliseconds, and be deleted. */
const COMMAND_DRAIN_MS = 20;
const MIN_DRAIN_MS = 5;
