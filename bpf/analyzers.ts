import { GoneError, UnsupportedError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { Analysis, AnalyzerName, AnalyzerRequest } from "../core/plugin_api/mod.ts";
import { pause } from "../core/sys/mod.ts";
import { LibbpfError } from "./libbpf_error.ts";
import type { AnalyzerOptions, RunningAnalyzer } from "./programs/analyzer.ts";

type Start = (options: AnalyzerOptions) => RunningAnalyzer;

/** How each analyzer's program is started. */
const ANALYZERS: Readonly<Partial<Record<AnalyzerName, () => Promise<Start>>>> = {
  lock_contention: async () => (await import("./programs/lock_contention.ts")).startLockContention,
  memory_alloc_trace: async () => (await import("./programs/memory_alloc_trace.ts")).startMemoryAllocTrace,
  futex_contention: async () => (await import("./programs/futex_contention.ts")).startFutexContention,
  page_fault_trace: async () => (await import("./programs/page_fault_trace.ts")).startPageFaultTrace,
  disk_io_latency: async () => (await import("./programs/disk_io_latency.ts")).startDiskIoLatency,
  sched_latency: async () => (await import("./programs/sched_latency.ts")).startSchedLatency,
  syscall_count: async () => (await import("./programs/syscall_count.ts")).startSyscallCount,
  tcp_latency: async () => (await import("./programs/tcp_latency.ts")).startTcpLatency,
};

/** How often rings are emptied, ms, and at least how often while nothing comes: each look costs up to a millisecond. */
const ROUND_MS = 100;
const IDLE_ROUND_MS = 400;

/**
 * Runs an analyzer as a program in the kernel, loaded through libbpf.
 *
 * @param btf a file with the kernel's type information, where it has none of itself
 * @throws {UnsupportedError} where the machine does not allow it
 * @throws {GoneError} when there is no such process
 */
export async function runAnalyzer(
  host: Host,
  name: AnalyzerName,
  request: AnalyzerRequest,
  btf?: string,
): Promise<Analysis> {
  const { pid, durationNs, signal } = request;
  if (pid > 0 && host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
  const start = await ANALYZERS[name]?.();
  if (!start) throw new UnsupportedError(`"${name}" has no program of its own`, "");
  using running = started(() => start({ host, pid, btf }), name);
  request.onReady?.();
  const end = performance.now() + durationNs / 1e6;
  for (let round = ROUND_MS;;) {
    const left = end - performance.now();
    if (left <= 0 || signal.aborted) break;
    await pause(running.drain ? Math.min(left, round) : left, signal);
    round = running.drain?.() === 0 ? Math.min(2 * round, IDLE_ROUND_MS) : ROUND_MS;
  }
  running.stop();
  return await running.read();
}

/** What the kernel refuses is no reason to fail: the next mechanism is tried, and told why. */
function started(start: () => RunningAnalyzer, name: string): RunningAnalyzer {
  try {
    return start();
  } catch (error) {
    if (!(error instanceof LibbpfError)) throw error;
    throw new UnsupportedError(`The kernel refuses the program "${name}": ${error.message}`, "", { cause: error });
  }
}
