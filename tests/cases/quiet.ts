/** Below this part of all CPUs in use, a machine is quiet. */
export const QUIET = 0.1;

/**
 * Waits until the machine has nothing else to do: loads have to run alone.
 *
 * @param limitS seconds to wait at most
 * @returns how busy the CPUs were in the last second looked at, 0–1
 */
export async function quiet(limitS: number, signal: AbortSignal): Promise<number> {
  const end = performance.now() + limitS * 1000;
  for (;;) {
    const before = await cpuTimes();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const after = await cpuTimes();
    const busy = (after.busy - before.busy) / Math.max(1, after.all - before.all);
    if (busy <= QUIET || performance.now() >= end || signal.aborted) return busy;
  }
}

/** Clock ticks of all CPUs since boot (proc_stat(5)); waiting for I/O counts as busy. */
async function cpuTimes(): Promise<{ busy: number; all: number }> {
  const line = (await Deno.readTextFile("/proc/stat")).split("\n")[0];
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((a, b) => a + b, 0);
  return { busy: all - times[3], all };
}
