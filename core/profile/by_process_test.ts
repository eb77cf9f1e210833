import assert from "node:assert/strict";
import { recordsOf } from "../data/mod.ts";
import { testProfile } from "./_testing.ts";
import { profileByProcess } from "./by_process.ts";

Deno.test("profileByProcess() gives samples, kernel share and the busiest function of each process", () => {
  const profile = testProfile([
    ["main;a", 5, { pid: "10", comm: "app" }],
    ["main;k:read", 3, { pid: "10", comm: "app", thread: "w" }],
    ["main;b", 2, { pid: "20", comm: "other" }],
    ["", 2, { pid: "30", comm: "empty" }],
    ["x", 4],
  ]);
  assert.deepEqual(recordsOf(profileByProcess(profile)), [
    { pid: 10, comm: "app", samples: 8, share: 0.5, kernel_share: 3 / 8, top_function: "a" },
    { pid: 20, comm: "other", samples: 2, share: 0.125, kernel_share: 0, top_function: "b" },
    { pid: 30, comm: "empty", samples: 2, share: 0.125, kernel_share: 0, top_function: null },
  ]);
});
