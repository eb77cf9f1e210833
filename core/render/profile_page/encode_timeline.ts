import type { Timeline } from "../../data/mod.ts";

/** When samples were taken: columns over distinct pairs of a slice of time and an entry of its side, by time. */
export interface EncodedTimeline {
  /** Unix time of slice 0 in milliseconds; null when it is not known. */
  readonly startMs: number | null;
  /** Length of a slice in milliseconds, a divisor of 1000. */
  readonly sliceMs: number;
  /** Slices in all. */
  readonly slices: number;
  /** Slices since the one before. */
  readonly after: readonly number[];
  readonly entry: readonly number[];
  /** Samples. */
  readonly count: readonly number[];
  /** What they count of the first sample type. */
  readonly value: readonly number[];
}

/** Entries a page holds at most; beyond, slices are made longer. */
const MOST = 2_000_000;
const SLICES_MS = [10, 20, 50, 100, 200, 500, 1000];

/** @param entryOf which entry each stack is in; null is answered when the profile has no timeline */
export function encodeTimeline(timeline: Timeline | undefined, entryOf: Uint32Array): EncodedTimeline | null {
  if (timeline === undefined || timeline.timeNs.length === 0) return null;
  for (const sliceMs of SLICES_MS) {
    const encoded = slice(timeline, entryOf, sliceMs);
    if (encoded !== null) return encoded;
  }
  return null;
}

function slice(timeline: Timeline, entryOf: Uint32Array, sliceMs: number): EncodedTimeline | null {
  const { timeNs, stack, value, startNs } = timeline;
  const ns = sliceMs * 1e6;
  const after: number[] = [];
  const entry: number[] = [];
  const count: number[] = [];
  const sum: number[] = [];
  const here = new Map<number, number>();
  let now = 0;
  let told = 0;
  for (let i = 0; i < timeNs.length; i++) {
    const at = Math.max(now, Math.floor(timeNs[i] / ns));
    if (at !== now) here.clear();
    now = at;
    const e = entryOf[stack[i]];
    const known = here.get(e);
    if (known !== undefined) {
      count[known]++;
      sum[known] += value[i];
      continue;
    }
    here.set(e, entry.push(e) - 1);
    if (entry.length > MOST) return null;
    after.push(at - told);
    told = at;
    count.push(1);
    sum.push(value[i]);
  }
  return {
    startMs: startNs === null ? null : Number(startNs / 1_000_000n),
    sliceMs,
    slices: now + 1,
    after,
    entry,
    count,
    value: sum,
  };
}
