import assert from "node:assert/strict";
import { recordsOf } from "../data/mod.ts";
import { testProfile } from "./_testing.ts";
import { topFunctions } from "./top_functions.ts";

const PROFILE = testProfile([
  ["main;a;b", 6],
  ["main;a", 3],
  ["main;r;r;r", 1],
  ["main;a;k:read", 2],
  ["", 4],
]);

Deno.test("topFunctions() gives self, total with recursion once, and shares of all samples", () => {
  const rows = recordsOf(topFunctions(PROFILE, 0)).map((r) => [r.function, r.kind, r.self, r.total, r.self_ratio]);
  assert.deepEqual(rows, [
    ["b", "user", 6, 6, 6 / 16],
    ["a", "user", 3, 11, 3 / 16],
    ["read", "kernel", 2, 2, 2 / 16],
    ["r", "user", 1, 1, 1 / 16],
    ["main", "user", 0, 12, 0],
  ]);
});

Deno.test("topFunctions() keeps to its limit, and takes an empty profile", () => {
  assert.equal(topFunctions(PROFILE, 2).length, 2);
  assert.equal(topFunctions(testProfile([]), 5).length, 0);
});

Deno.test("topFunctions() counts lines of one function together, and functions of different modules apart", () => {
  const base = testProfile([["f", 1]]);
  const frame = base.frames[0];
  const frames = [frame, { ...frame, line: 7 }, { ...frame, module: "/bin/y" }];
  const stacks = [0, 1, 2].map((f) => ({ frames: [f], values: [1], labels: {} }));
  const rows = recordsOf(topFunctions({ ...base, frames, stacks }, 0));
  assert.deepEqual(rows.map((r) => [r.module, r.self]), [["/bin/x", 2], ["/bin/y", 1]]);
});
