import type { MemInfo } from "./types.ts";

/**
 * Parses `/proc/meminfo` (proc_meminfo(5)). Before Linux 3.14 there is no MemAvailable: it is estimated as free +
 * buffers + cached − shared memory.
 */
export function parseMemInfo(text: string): MemInfo {
  const all = new Map<string, number>();
  for (const line of text.split("\n")) {
    const m = /^([^:]+):\s+(\d+)( kB)?$/.exec(line);
    if (m !== null) all.set(m[1], Number(m[2]) * (m[3] === undefined ? 1 : 1024));
  }
  const at = (name: string): number => all.get(name) ?? 0;
  return {
    total: at("MemTotal"),
    free: at("MemFree"),
    available: all.get("MemAvailable") ??
      Math.max(0, at("MemFree") + at("Buffers") + at("Cached") - at("Shmem")),
    buffers: at("Buffers"),
    cached: at("Cached"),
    dirty: at("Dirty"),
    writeback: at("Writeback"),
    slabReclaimable: at("SReclaimable"),
    swapTotal: at("SwapTotal"),
    swapFree: at("SwapFree"),
    all,
  };
}
