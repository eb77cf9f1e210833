import type { DiskStat } from "./types.ts";

/** Sectors of `/proc/diskstats` and `/sys/block` are 512 bytes, whatever the device has. */
export const SECTOR_BYTES = 512;

/**
 * Parses `/proc/diskstats` (Documentation/admin-guide/iostats.rst), every line of it. Times are 32 bits of milliseconds
 * in the kernel: take differences with `WRAP_DISK_TIME_NS`.
 */
export function parseDiskStats(text: string): DiskStat[] {
  const disks: DiskStat[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words.length < 14) continue;
    const at = (i: number): number => Number(words[i]) || 0;
    disks.push({
      device: words[2],
      reads: at(3),
      readBytes: at(5) * SECTOR_BYTES,
      readTimeNs: at(6) * 1e6,
      writes: at(7),
      writeBytes: at(9) * SECTOR_BYTES,
      writeTimeNs: at(10) * 1e6,
      inFlight: at(11),
      busyNs: at(12) * 1e6,
      queueNs: at(13) * 1e6,
      flushes: at(18),
      flushTimeNs: at(19) * 1e6,
    });
  }
  return disks;
}
