import assert from "node:assert/strict";
import { resample, timeGrid } from "./resample.ts";

const line = (tNs: number[], v: number[]) => ({ name: "x", tNs, v });

Deno.test("resample() places points by their time, not by their number", () => {
  const a = line([0, 1, 2, 3, 4], [1, 1, 1, 1, 1]);
  const late = line([3, 4], [5, 6]);
  const grid = timeGrid([a, late], 80);
  assert.deepEqual(grid, { fromNs: 0, spanNs: 5, columns: 5, stepNs: 1 });
  assert.deepEqual(resample(late, grid), [NaN, NaN, NaN, 5, 6]);
});

Deno.test("resample() bridges what jitter leaves out, not what was not measured", () => {
  const jitter = line([0, 1.1, 1.9, 3.05, 3.95], [1, 2, 3, 4, 5]);
  assert.ok(resample(jitter, timeGrid([jitter], 80)).every(Number.isFinite));
  const hole = line([0, 1, 5, 6], [1, 2, 3, 4]);
  assert.deepEqual(resample(hole, timeGrid([hole], 80)), [1, 2, NaN, NaN, NaN, 3, 4]);
  const nan = line([0, 1, 2], [1, NaN, 3]);
  assert.deepEqual(resample(nan, timeGrid([nan], 80)), [1, NaN, 3]);
});

Deno.test("resample() averages where there is less room than points", () => {
  const a = line([0, 1, 2, 3], [1, 3, 5, 7]);
  assert.deepEqual(resample(a, timeGrid([a], 2)), [2, 6]);
  const one = line([7], [9]);
  assert.deepEqual(resample(one, timeGrid([one], 80)), [9]);
  assert.equal(timeGrid([line([], [])], 80).columns, 0);
});
