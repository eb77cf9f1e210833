import type { Profile } from "../data/mod.ts";
import { type Symboliser, UNKNOWN } from "../symbols/mod.ts";
import { ownCpuNs } from "../sys/mod.ts";
import { buildProfile, type RawProfile, type StackQuality } from "./build_profile.ts";
import { usedCode } from "./used_code.ts";

/** A profile with names. */
export interface NamedProfile {
  readonly profile: Profile;
  readonly stackQuality: StackQuality;
  /** What has no name and why; what naming cost when that is worth a sentence. */
  readonly notes: readonly string[];
}

/**
 * Names what was sampled, after debug files that are missing here were fetched (where servers are configured). It works
 * when sampling is over: what it takes slows nobody down while they are measured, so it is told in a note and is no part
 * of the cost of sampling.
 *
 * @param lines whether each line of a function is a frame of its own; the symboliser must have been asked for lines too
 */
export async function nameProfile(raw: RawProfile, symboliser: Symboliser, lines = false): Promise<NamedProfile> {
  const before = ownCpuNs();
  await symboliser.prepare(usedCode(raw));
  const named = buildProfile(raw, symboliser, lines);
  const seconds = Math.round((ownCpuNs() - before) / 1e8) / 10;
  const nameless = namelessShares(named.profile);
  const notes = [...symboliser.notes((path) => (nameless.get(path) ?? 0) >= NAMELESS_FROM)];
  if (seconds >= TOLD_FROM_S) notes.push(`Reading symbols took ${seconds} s of CPU time, after sampling.`);
  return { ...named, notes };
}

/** By file: the share of samples with code of it that has no name. */
function namelessShares({ frames, stacks }: Profile): Map<string, number> {
  const shares = new Map<string, number>();
  const all = stacks.reduce((sum, s) => sum + s.values[0], 0);
  for (const { frames: indexes, values } of stacks) {
    const modules = new Set<string>();
    for (const i of indexes) if (frames[i].function === UNKNOWN) modules.add(frames[i].module);
    for (const module of modules) shares.set(module, (shares.get(module) ?? 0) + values[0] / all);
  }
  return shares;
}

/** CPU time in s, and share of samples, from which on a sentence is worth reading. */
const TOLD_FROM_S = 0.3;
const NAMELESS_FROM = 0.03;
