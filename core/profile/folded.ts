import type { Profile } from "../data/mod.ts";
import { writeFolded } from "./formats/write_folded.ts";

/**
 * Folded lines (`comm;main;hot 12`) by the first sample type, highest first.
 *
 * @param limit most lines; 0 or absent is all
 */
export function folded(profile: Profile, limit = 0): string {
  return writeFolded(profile, { limit });
}
