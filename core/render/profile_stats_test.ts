import assert from "node:assert/strict";
import { type Profile, quality } from "../data/mod.ts";
import { functionTotals } from "./profile_stats.ts";

const frame = (name: string, module = "m", line = 0): Profile["frames"][number] => ({
  function: name,
  module,
  file: "f.c",
  line,
  kind: "user",
});

Deno.test("functionTotals() counts recursion once and parts functions of different modules", () => {
  const profile: Profile = {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames: [frame("main"), frame("f"), frame("f", "other"), frame("f", "m", 9)],
    stacks: [
      { frames: [0, 1, 3, 1], values: [5], labels: {} },
      { frames: [0, 2], values: [2], labels: {} },
      { frames: [0], values: [1], labels: {} },
    ],
    quality: quality(),
  };
  assert.deepEqual(functionTotals(profile).map((f) => [f.function, f.module, f.self, f.total]), [
    ["f", "m", 5, 5],
    ["f", "other", 2, 2],
    ["main", "m", 1, 8],
  ]);
});
