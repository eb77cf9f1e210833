import type { Analysis, AnalyzerRequest, Cell, SondeApi } from "../../core/plugin_api/mod.ts";
import { futexOperation } from "./_futex_operation.ts";

/** How often threads are looked at, ms; less often where a look takes long. */
const PERIOD_MS = 20;
/** Part of one CPU that looking may take. */
const MOST = 0.05;

type Row = Readonly<Record<string, Cell>>;

interface Seen {
  readonly row: Row;
  delay: number;
  looks: number;
  /** At the last look it was there. */
  still: number;
}

/** A lock in the looks. */
interface SeenLock extends Seen {
  atOnce: number;
  now: number;
  readonly tids: Set<number>;
}

/**
 * Who waits in futex(2), by looking at `/proc/PID/task/TID/syscall` again and again. Each look stands for the time since
 * the one before, so times are estimates, and how often was waited is not known.
 *
 * @throws {UnsupportedError} where these files cannot be read
 */
export async function futexContentionFromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { data } = sonde;
  const { pid, durationNs, signal, onReady } = request;
  const locks = new Map<string, SeenLock>();
  const threads = new Map<string, Seen>();
  const cpu = sonde.ownCpuNs();
  const start = sonde.nowNs();
  const end = start + durationNs;
  let last = start, looks = 0, events = 0, readable = false;
  onReady?.();
  for (;;) {
    const cpuBefore = sonde.ownCpuNs();
    const now = sonde.nowNs();
    const seen = waits(sonde, pid);
    readable ||= seen.readable;
    for (const lock of locks.values()) lock.now = 0;
    for (const thread of threads.values()) thread.still = 0;
    // A look stands for the time since the one before.
    for (const wait of seen.waits) addLook(locks, threads, wait, looks === 0 ? 0 : now - last);
    for (const lock of locks.values()) lock.atOnce = Math.max(lock.atOnce, lock.now);
    events += seen.waits.length;
    looks++;
    last = now;
    if (now >= end || signal.aborted) break;
    const pause = Math.max(PERIOD_MS, (sonde.ownCpuNs() - cpuBefore) / 1e6 / MOST);
    await sonde.sleep(Math.min(pause, Math.max(1, (end - sonde.nowNs()) / 1e6)), signal);
  }
  if (!readable) {
    throw new data.UnsupportedError(
      "What threads wait for cannot be read (/proc/PID/task/TID/syscall)",
      "Run as root, or give a process of your own.",
    );
  }
  const duration_ns = Math.max(1, last - start);
  const cpu_ns = sonde.ownCpuNs() - cpu;
  const byDelay = (a: Seen, b: Seen): number => b.delay - a.delay;
  return {
    tables: {
      locks: [...locks.values()].sort(byDelay).map((lock) => ({
        ...lock.row,
        delay: lock.delay,
        threads: lock.tids.size,
        at_once: lock.atOnce,
        still: lock.now,
      })),
      waiters: [...threads.values()].sort(byDelay).map(({ row, delay, still }) => ({ ...row, delay, still })),
    },
    quality: data.quality({
      events,
      duration_ns,
      estimated: true,
      cost: { cpu_ns, probe_ns: 0, ratio: cpu_ns / duration_ns, estimated: false },
      notes: [
        `Looked at ${looks} times, every ${(duration_ns / Math.max(1, looks - 1) / 1e6).toFixed(0)} ms: times are ` +
        "estimates, shorter waits are mostly not seen, and how often was waited is not known. " +
        "Stacks and who wakes are not known.",
      ],
    }),
  };
}

interface Wait {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string | null;
  readonly address: bigint;
  readonly operation: string;
  readonly shared: boolean;
}

function waits({ host }: SondeApi, only: number): { readonly waits: readonly Wait[]; readonly readable: boolean } {
  const found: Wait[] = [];
  let readable = false;
  for (const pid of only > 0 ? [only] : host.pids()) {
    if (pid === Deno.pid) continue;
    for (const tid of host.threads(pid)) {
      const call = host.threadCall(pid, tid);
      if (!call) continue;
      readable = true;
      if (call.name !== "futex" && call.name !== "futex_waitv" && call.name !== "futex_wait") continue;
      const [address, second] = call.args;
      const { operation, waits, shared } = futexOperation(call.name === "futex" ? Number(second & 0xffffffffn) : 0);
      if (!waits) continue;
      const comm = host.processStat(pid, tid === pid ? undefined : tid)?.comm ?? null;
      found.push({ pid, tid, comm, address, operation: call.name === "futex" ? operation : call.name, shared });
    }
  }
  return { waits: found, readable };
}

function addLook(
  locks: Map<string, SeenLock>,
  threads: Map<string, Seen>,
  { pid, tid, comm, address, operation, shared }: Wait,
  ns: number,
): void {
  const id = `${pid} ${address}`;
  let lock = locks.get(id);
  if (!lock) {
    const row = { pid, comm, processes: 1, address, shared };
    locks.set(id, lock = { row, delay: 0, looks: 0, still: 0, atOnce: 0, now: 0, tids: new Set() });
  }
  let thread = threads.get(`${tid} ${id} ${operation}`);
  if (!thread) {
    const row = { pid, tid, comm, address, operation };
    threads.set(`${tid} ${id} ${operation}`, thread = { row, delay: 0, looks: 0, still: 0 });
  }
  for (const one of [lock, thread]) {
    one.delay += ns;
    one.looks++;
  }
  thread.still = 1;
  lock.now++;
  lock.tids.add(tid);
}
