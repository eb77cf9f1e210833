import type { SampleTimes } from "./_timeline.ts";

/** A sentence on a timeline that ends before its samples do; none when it is whole. */
export function timelineNote(times: SampleTimes | null): string[] {
  if (times === null || times.dropped === 0) return [];
  const { length, dropped } = times;
  return [`The timeline holds the first ${length} of ${length + dropped} samples; the profile holds them all.`];
}
