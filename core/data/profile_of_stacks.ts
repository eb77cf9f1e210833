import type { Frame, Profile, ProfileStack, SampleType } from "./profile.ts";
import type { Quality } from "./quality.ts";

/** One stack with what was measured on it. */
export interface MeasuredStack {
  /** Root first. */
  readonly frames: readonly Frame[];
  /** In the order of the sample types. */
  readonly values: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A profile of stacks whose frames have names already; stacks that read alike and have the same labels are added up. */
export function profileOfStacks(
  sampleTypes: readonly SampleType[],
  measured: Iterable<MeasuredStack>,
  quality: Quality,
): Profile {
  const frames: Frame[] = [];
  const indexes = new Map<string, number>();
  const known = new Map<readonly Frame[], readonly number[]>();
  const intern = (frame: Frame): number => {
    const key = `${frame.kind}\0${frame.function}\0${frame.module}\0${frame.file}\0${frame.line}`;
    let index = indexes.get(key);
    if (index === undefined) {
      indexes.set(key, index = frames.length);
      frames.push(frame);
    }
    return index;
  };
  const stacks = new Map<string, { frames: readonly number[]; values: number[]; labels: ProfileStack["labels"] }>();
  for (const { frames: stack, values, labels } of measured) {
    let numbers = known.get(stack);
    if (!numbers) known.set(stack, numbers = stack.map(intern));
    const key = `${numbers.join(" ")}\0${JSON.stringify(labels)}`;
    const found = stacks.get(key);
    if (found) values.forEach((v, i) => found.values[i] += v);
    else stacks.set(key, { frames: numbers, values: [...values], labels });
  }
  return { kind: "profile", sampleTypes, frames, stacks: [...stacks.values()], quality };
}
