import type { Frame, Profile, ProfileStack, SampleType } from "./profile.ts";
import { mergeQuality } from "./quality.ts";

/**
 * One profile of several: values of equal stacks with equal labels add up. Sample types are matched by name and unit;
 * a profile that lacks one counts 0 there.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const types: SampleType[] = [];
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const stacks = new Map<string, { frames: number[]; values: number[]; labels: ProfileStack["labels"] }>();
  for (const profile of profiles) {
    const typeMap = profile.sampleTypes.map((type) => {
      const known = types.findIndex((t) => t.name === type.name && t.unit === type.unit);
      return known >= 0 ? known : types.push(type) - 1;
    });
    const frameMap = profile.frames.map((frame) => {
      const key = frameKey(frame);
      let index = frameIndex.get(key);
      if (index === undefined) frameIndex.set(key, index = frames.push(frame) - 1);
      return index;
    });
    for (const stack of profile.stacks) {
      const indexes = stack.frames.map((f) => frameMap[f]);
      const key = indexes.join(",") + labelKey(stack.labels);
      let into = stacks.get(key);
      if (!into) stacks.set(key, into = { frames: indexes, values: [], labels: stack.labels });
      stack.values.forEach((v, i) => into.values[typeMap[i]] = (into.values[typeMap[i]] ?? 0) + v);
    }
  }
  const merged = [...stacks.values()].map((s) => ({ ...s, values: types.map((_, i) => s.values[i] ?? 0) }));
  return {
    kind: "profile",
    sampleTypes: types,
    frames,
    stacks: merged,
    quality: mergeQuality(profiles.map((p) => p.quality)),
  };
}

function labelKey(labels: ProfileStack["labels"]): string {
  return Object.keys(labels).sort().map((k) => `\0${k}\0${labels[k]}`).join("");
}

/** Tells frames apart: two frames with one key are the same. */
function frameKey(f: Frame): string {
  return `${f.kind}\0${f.line}\0${f.function}\0${f.module}\0${f.file}`;
}
