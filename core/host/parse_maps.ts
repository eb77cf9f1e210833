import type { MemoryMapping } from "./types.ts";

/**
 * Parses `/proc/PID/maps` (proc_pid_maps(5), fs/proc/task_mmu.c). A newline in a path is written as `\012`, so lines
 * are safe to split; other characters, also spaces and ` (deleted)`, stand as they are.
 */
export function parseMaps(text: string): MemoryMapping[] {
  const mappings: MemoryMapping[] = [];
  for (const line of text.split("\n")) {
    const m = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)$/.exec(line);
    if (m === null) continue;
    mappings.push({
      start: BigInt(`0x${m[1]}`),
      end: BigInt(`0x${m[2]}`),
      permissions: m[3],
      offset: BigInt(`0x${m[4]}`),
      device: m[5],
      inode: Number(m[6]),
      path: m[7],
    });
  }
  return mappings;
}
