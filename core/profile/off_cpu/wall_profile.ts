import { type Frame, mergeQuality, type Profile, type ProfileStack } from "../../data/mod.ts";

/**
 * Puts time on and off the CPU into one profile: sample type `wall` (ns). What is off the CPU has a frame on top that
 * says why: `[off-CPU: disk]`; the label `state` is `on` or `off`.
 *
 * @param onCpu CPU samples with a sample type `cpu` (ns)
 * @param offCpu as {@linkcode offCpuProfile} makes it
 */
export function wallProfile(onCpu: Profile, offCpu: Profile): Profile {
  const frames: Frame[] = [...onCpu.frames];
  const stacks: ProfileStack[] = [];
  const cpu = onCpu.sampleTypes.findIndex((t) => t.unit === "ns");
  for (const stack of onCpu.stacks) {
    stacks.push({ frames: stack.frames, values: [stack.values[cpu]], labels: { ...stack.labels, state: "on" } });
  }
  const offset = frames.length;
  frames.push(...offCpu.frames);
  const whys = new Map<string, number>();
  const why = (reason: string): number => {
    let i = whys.get(reason);
    if (i === undefined) {
      const frame: Frame = { function: `[off-CPU: ${reason}]`, module: "", file: "", line: 0, kind: "unknown" };
      whys.set(reason, i = frames.push(frame) - 1);
    }
    return i;
  };
  for (const { frames: path, values, labels } of offCpu.stacks) {
    stacks.push({
      frames: [...path.map((i) => i + offset), why(labels.reason ?? "?")],
      values: [values[0]],
      labels: { ...labels, state: "off" },
    });
  }
  return {
    kind: "profile",
    sampleTypes: [{ name: "wall", unit: "ns" }],
    frames,
    stacks: stacks.sort((a, b) => b.values[0] - a.values[0]),
    quality: mergeQuality([onCpu.quality, offCpu.quality]),
  };
}
