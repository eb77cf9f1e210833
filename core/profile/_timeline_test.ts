import assert from "node:assert/strict";
import { createSampleTimes } from "./_timeline.ts";
import { timelineNote } from "./_timeline_note.ts";

Deno.test("times are kept up to a limit; what comes later is counted, and told", () => {
  const times = createSampleTimes(10_000);
  for (let i = 0; i < 10_000; i++) times.add(i * 10, i % 7, 1 + i);
  assert.deepEqual([times.length, times.dropped, timelineNote(times)], [10_000, 0, []]);
  for (let i = 0; i < 3; i++) times.add(1e9, 1, 1);
  assert.deepEqual([times.length, times.dropped, times.timeNs.length], [10_000, 3, 10_000]);
  assert.deepEqual([times.timeNs[9_999], times.chain[9_999], times.weight[9_999]], [99_990, 9_999 % 7, 10_000]);
  assert.match(timelineNote(times)[0], /first 10000 of 10003 samples/);
  assert.deepEqual(timelineNote(null), []);
});
