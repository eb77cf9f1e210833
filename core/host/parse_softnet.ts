import type { SoftnetStat } from "./types.ts";

/**
 * Parses `/proc/net/softnet_stat` (net/core/net-procfs.c): hexadecimal, 32 bits, one line an online CPU. Since Linux
 * 5.10 the thirteenth column is the CPU's number; before, lines are counted.
 */
export function parseSoftnet(text: string): SoftnetStat[] {
  const cpus: SoftnetStat[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words.length < 3) continue;
    const at = (i: number): number => parseInt(words[i], 16) || 0;
    cpus.push({
      cpu: words.length >= 13 ? at(12) : cpus.length,
      processed: at(0),
      dropped: at(1),
      timeSqueezed: at(2),
    });
  }
  return cpus;
}
