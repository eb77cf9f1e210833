import type { Analysis, AnalyzerRequest, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";

/** What a thread has waited since it began. */
interface Waited {
  readonly pid: number;
  readonly waitNs: number;
  readonly slices: number;
}

/**
 * Waits for a CPU by the kernel's own account: `/proc/PID/task/TID/schedstat` and, by CPU, `/proc/schedstat`
 * (Documentation/scheduler/sched-stats.rst). They know sums and no single wait.
 *
 * @throws {UnsupportedError} on a kernel without CONFIG_SCHED_INFO
 */
export async function schedLatencyFromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { host, data } = sonde;
  const look = (): { threads: Map<number, Waited>; cpus: ReturnType<typeof host.schedCpus> } => {
    const threads = new Map<number, Waited>();
    for (const pid of request.pid > 0 ? [request.pid] : host.pids()) {
      for (const tid of host.threads(pid)) {
        const sched = host.processSched(pid, tid);
        if (sched) threads.set(tid, { pid, waitNs: sched.waitNs, slices: sched.slices });
      }
    }
    return { threads, cpus: host.schedCpus() };
  };
  const { before, after, quality } = await twoLooks(sonde, request, look, [
    "Sums only: neither distributions nor who ran meanwhile. Threads that began or ended meanwhile are not among the " +
    "processes; waits that go on at the end count when they have ended.",
  ]);
  if (after.threads.size === 0) {
    throw new data.UnsupportedError(
      "The kernel keeps no account of waits for a CPU (schedstat)",
      "It takes CONFIG_SCHED_INFO.",
    );
  }
  const rows = new Map<
    number,
    { pid: number; tid: number | null; comm: string | null; waits: number; delay: number }
  >();
  for (const [tid, now] of after.threads) {
    const then = before.threads.get(tid);
    if (!then || then.pid !== now.pid || now.waitNs < then.waitNs || now.pid === Deno.pid) continue;
    const key = request.pid > 0 ? tid : now.pid;
    let row = rows.get(key);
    if (!row) {
      const comm = host.processStat(now.pid, request.pid > 0 ? tid : undefined)?.comm ?? null;
      rows.set(key, row = { pid: now.pid, tid: request.pid > 0 ? tid : null, comm, waits: 0, delay: 0 });
    }
    row.waits += now.slices - then.slices;
    row.delay += now.waitNs - then.waitNs;
  }
  const delays = [...rows.values()].filter((row) => row.delay > 0).sort((a, b) => b.delay - a.delay);
  const q = quality(delays.reduce((n, row) => n + row.waits, 0));
  // Of CPUs the kernel knows what all processes waited, not one of them.
  const cpus = request.pid > 0 ? undefined : after.cpus.flatMap((now) => {
    const then = before.cpus.find((c) => c.cpu === now.cpu);
    if (!then) return [];
    const delay = now.waitNs - then.waitNs;
    return [{ cpu: now.cpu, waits: now.slices - then.slices, delay, queue: delay / q.duration_ns }];
  });
  return { tables: { delays, ...(cpus && cpus.length > 0 ? { cpus } : {}) }, quality: q };
}
