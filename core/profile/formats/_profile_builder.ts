import type { Frame, Profile, ProfileStack, Quality, SampleType } from "../../data/mod.ts";
import { timelineBuilder } from "./_timeline_builder.ts";
import { stackInterner } from "./_stack_interner.ts";

/** Puts a profile together: equal frames and equal stacks become one. */
export interface ProfileBuilder {
  frame(frame: Frame): number;
  /** Labels as a number, to be given with stacks. */
  labels(labels: Readonly<Record<string, string>>): number;
  type(type: SampleType): number;
  /** Adds a value to a stack; the stack's number. @param frames root first */
  add(frames: readonly number[], labels: number, type: number, value: number): number;
  /** Notes when a sample was taken. */
  at(timeNs: number, stack: number, value: number): void;
  build(quality: Quality, timeline?: { readonly startNs: bigint | null }): Profile;
}

/** A builder with nothing in it. */
export function profileBuilder(): ProfileBuilder {
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const labelSets: Readonly<Record<string, string>>[] = [];
  const labelIndex = new Map<string, number>();
  const types: SampleType[] = [];
  const typeIndex = new Map<string, number>();
  const stacks = stackInterner();
  const values: number[][] = [];
  const times = timelineBuilder();
  let chain = new Int32Array(256);

  return {
    frame: (f) => {
      const key = `${f.kind}\0${f.line}\0${f.function}\0${f.module}\0${f.file}`;
      let index = frameIndex.get(key);
      if (index === undefined) frameIndex.set(key, index = frames.push(f) - 1);
      return index;
    },
    labels: (set) => {
      const key = JSON.stringify(Object.entries(set).sort((a, b) => a[0] < b[0] ? -1 : 1));
      let index = labelIndex.get(key);
      if (index === undefined) labelIndex.set(key, index = labelSets.push(set) - 1);
      return index;
    },
    type: (type) => {
      const key = `${type.unit}\0${type.name}`;
      let index = typeIndex.get(key);
      if (index === undefined) typeIndex.set(key, index = types.push(type) - 1);
      return index;
    },
    add: (list, labels, type, value) => {
      if (list.length > chain.length) chain = new Int32Array(list.length * 2);
      for (let i = 0; i < list.length; i++) chain[i] = list[i];
      const id = stacks.intern(chain, list.length, labels);
      const of = id === values.length ? values[id] = [] : values[id];
      while (of.length <= type) of.push(0);
      of[type] += value;
      return id;
    },
    at: times.add,
    build: (quality, timeline) => {
      const list = values.map((v, id): ProfileStack => ({
        frames: stacks.frames(id),
        values: types.map((_, i) => v[i] ?? 0),
        labels: labelSets[stacks.tag(id)],
      }));
      const profile = { kind: "profile", sampleTypes: types, frames, stacks: list, quality } as const;
      return timeline ? { ...profile, timeline: times.build(timeline.startNs) } : profile;
    },
  };
}
