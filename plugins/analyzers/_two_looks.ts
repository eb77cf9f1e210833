import type { AnalyzerRequest, Quality, SondeApi } from "../../core/plugin_api/mod.ts";

/**
 * Reads counters at the beginning and at the end of a window: what is left where nothing can be attached.
 *
 * @param look reads the counters
 * @param notes what these counters do not tell
 */
export async function twoLooks<T>(
  sonde: SondeApi,
  { durationNs, signal, onReady }: AnalyzerRequest,
  look: () => T,
  notes: readonly string[],
): Promise<{ readonly before: T; readonly after: T; quality(events: number): Quality }> {
  const cpu = sonde.ownCpuNs();
  const start = sonde.nowNs();
  const before = look();
  onReady?.();
  await sonde.sleep(durationNs / 1e6, signal);
  const end = sonde.nowNs();
  const after = look();
  const cpu_ns = sonde.ownCpuNs() - cpu;
  const duration_ns = Math.max(1, end - start);
  return {
    before,
    after,
    quality: (events) =>
      sonde.data.quality({
        events,
        duration_ns,
        cost: { cpu_ns, probe_ns: 0, ratio: cpu_ns / duration_ns, estimated: false },
        notes,
      }),
  };
}
