import type { Profile } from "../../data/mod.ts";
import { type StackGroup, threadGroups } from "./_thread_groups.ts";

/** Samples of one thread in the order of time. */
export interface ThreadSamples {
  readonly group: StackGroup;
  /** Nanoseconds since the profile's start. */
  readonly timeNs: readonly number[];
  /** Indexes into `Profile.stacks`. */
  readonly stacks: readonly number[];
  readonly values: readonly number[];
  /** How long each lasts, nanoseconds, where there is no time and stacks lie side by side; null with a timeline. */
  readonly lastsNs: readonly number[] | null;
}

/**
 * What pictures over time show: the timeline of each thread; without one the stacks side by side, each as long as its
 * value of a sample type (nanoseconds, or a millisecond each), those with the same callers together.
 *
 * @param max threads at most; then processes
 */
export function threadSamples(profile: Profile, sampleType: number, max: number): ThreadSamples[] {
  const groups = threadGroups(profile, max);
  const { timeline, stacks, sampleTypes } = profile;
  if (!timeline || sampleType > 0) {
    const unit = sampleTypes[sampleType].unit === "ns" ? 1 : 1e6;
    return groups.map((group) => laidOut(profile, group, sampleType, unit));
  }
  const groupOf = new Uint32Array(stacks.length);
  groups.forEach((g, i) => g.stacks.forEach((s) => groupOf[s] = i));
  const found = groups.map((group) => ({
    group,
    timeNs: [] as number[],
    stacks: [] as number[],
    values: [] as number[],
    lastsNs: null,
  }));
  for (let i = 0; i < timeline.stack.length; i++) {
    const thread = found[groupOf[timeline.stack[i]]];
    thread.timeNs.push(timeline.timeNs[i]);
    thread.stacks.push(timeline.stack[i]);
    thread.values.push(timeline.value[i]);
  }
  return found.filter((t) => t.stacks.length > 0);
}

function laidOut({ stacks }: Profile, group: StackGroup, type: number, unit: number): ThreadSamples {
  const order = group.stacks.filter((s) => stacks[s].values[type] > 0)
    .sort((a, b) => compare(stacks[a].frames, stacks[b].frames));
  let at = 0;
  const timeNs = order.map((s) => {
    const start = at;
    at += stacks[s].values[type] * unit;
    return start;
  });
  const values = order.map((s) => stacks[s].values[type]);
  return { group, timeNs, stacks: order, values, lastsNs: values.map((v) => v * unit) };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
