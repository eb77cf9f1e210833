import type { NetDevStat } from "./types.ts";

/** Parses `/proc/net/dev` (net/core/net-procfs.c), without the speed, which that file does not hold. */
export function parseNetDev(text: string): Omit<NetDevStat, "speed">[] {
  const devices: Omit<NetDevStat, "speed">[] = [];
  for (const line of text.split("\n").slice(2)) {
    // An alias may hold a colon ("eth0:1"): the last one ends the name.
    const colon = line.lastIndexOf(":");
    if (colon < 0) continue;
    const words = line.slice(colon + 1).trim().split(/\s+/);
    const at = (i: number): number => Number(words[i]) || 0;
    devices.push({
      name: line.slice(0, colon).trim(),
      rxBytes: at(0),
      rxPackets: at(1),
      rxErrors: at(2),
      rxDrops: at(3),
      txBytes: at(8),
      txPackets: at(9),
      txErrors: at(10),
      txDrops: at(11),
    });
  }
  return devices;
}
