import { GoneError, UnsupportedError } from "../data/mod.ts";
import { type Host, parseCpuList } from "../host/mod.ts";
import { HW, openSampler, PERF_TYPE, type Sampler, type SamplerOptions, SW } from "../perf/mod.ts";
import { readProcFile } from "../symbols/mod.ts";
import { ERRNO, SysError } from "../sys/mod.ts";
import type { CpuSampleRequest } from "./sampler.ts";

/** Open events of a CPU profile. */
export interface CpuEvents extends Disposable {
  readonly sampler: Sampler;
  /** Nanoseconds of CPU time that one sample stands for; null when its period says so. */
  readonly nsPerSample: number | null;
  /** When the events watch whole CPUs for one process: only its samples and its children's count. */
  readonly onlyPid: number;
  /** The threads that are watched one by one; null when whole CPUs are. */
  readonly threads: readonly number[] | null;
  readonly notes: readonly string[];
}

type Opened = Pick<CpuEvents, "sampler" | "nsPerSample">;
type Event = SamplerOptions["event"];

/**
 * Opens events for a request: cycles if the processor counts them, else the CPU clock; kernel code if we may see it.
 *
 * @throws {UnsupportedError} when the kernel or our privileges refuse
 * @throws {GoneError} when the process does not exist
 */
export function openCpuEvents(host: Host, request: CpuSampleRequest): CpuEvents {
  const notes: string[] = [];
  const open = (tids: readonly number[] | null): Opened => openBest(host, request, tids, notes);
  const own = (events: Opened, onlyPid: number, threads: readonly number[] | null = null): CpuEvents => ({
    ...events,
    onlyPid,
    threads,
    notes,
    [Symbol.dispose]: () => events.sampler[Symbol.dispose](),
  });
  if (request.pid === 0) return own(open(null), 0);
  const tids = host.threads(request.pid);
  if (tids.length === 0) throw new GoneError(`Process ${request.pid} does not exist`);
  if (tids.length * onlineCpus(host).length > MAX_EVENTS) return own(open(null), request.pid);
  return own(open(tids), 0, tids);
}

function openBest(
  host: Host,
  request: CpuSampleRequest,
  tids: readonly number[] | null,
  notes: string[],
): Opened {
  const cpus = onlineCpus(host);
  const frequencyHz = Math.min(request.frequencyHz, maxSampleRate(host));
  if (frequencyHz < request.frequencyHz) {
    notes.push(`Sampled at ${frequencyHz} Hz: the sysctl kernel.perf_event_max_sample_rate allows no more.`);
  }
  const wanted = frequencyHz * RECORD_BYTES * SECONDS_BUFFERED;
  const ringBytes = Math.min(MAX_RING, Math.max(MIN_RING, 2 ** Math.ceil(Math.log2(wanted))));
  const open = (event: Event, kernel: boolean): Sampler =>
    openSampler({
      event: { ...event, excludeKernel: !kernel, excludeUser: !request.user },
      frequencyHz,
      cpus,
      tids,
      ringBytes,
      pageSize: host.pageSize,
    });
  const openAny = (kernel: boolean): Opened => {
    try {
      // In frequency mode the kernel adjusts the period in cycles until it takes that many samples a second.
      return { sampler: open(CYCLES, kernel), nsPerSample: 1e9 / frequencyHz };
    } catch (error) {
      if (!(error instanceof SysError) || !NO_COUNTER.has(error.errno)) throw error;
    }
    const events = { sampler: open(CPU_CLOCK, kernel), nsPerSample: null };
    if (kernel) {
      notes.push(
        "Sampled by the CPU clock, as the processor's counters are not available: kernel code that runs with " +
          "interrupts off is seen where it turns them on again.",
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
  const what = request.pid === 0 ? "Cannot sample the CPUs" : `Cannot sample process ${request.pid}`;
  if (error.errno === ERRNO.ESRCH) return new GoneError(`Process ${request.pid} does not exist`);
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
const MAX_EVENTS = 4096;
const RECORD_BYTES = 1200;
const SECONDS_BUFFERED = 0.4;
/** The kernel lets an unprivileged user lock 516 KiB a CPU (sysctl kernel.perf_event_mlock_kb). */
const MIN_RING = 512 << 10;
const MAX_RING = 8 << 20;
