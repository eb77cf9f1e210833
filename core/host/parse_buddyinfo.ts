import type { BuddyZone } from "./types.ts";

/** Parses `/proc/buddyinfo`. */
export function parseBuddyInfo(text: string): BuddyZone[] {
  const zones: BuddyZone[] = [];
  for (const m of text.matchAll(/^Node (\d+), zone\s+(\S+)\s+(.*)$/gm)) {
    zones.push({ node: Number(m[1]), zone: m[2], free: m[3].trim().split(/\s+/).map(Number) });
  }
  return zones;
}
