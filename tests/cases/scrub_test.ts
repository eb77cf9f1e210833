import assert from "node:assert/strict";
import { scrub } from "./scrub.ts";

Deno.test("scrub() takes out command lines, directories and process 1, and leaves the loads and the figures", () => {
  const table = (rows: unknown[][]): unknown => ({
    kind: "table",
    fields: ["pid", "comm", "cpu", "cgroup", "command"].map((name) => ({ name, type: "string", unit: null })),
    rows,
  });
  const line = {
    kind: "call",
    results: {
      processes: table([
        [1, "bossd", 0.5, "/", "/bossd --token secret"],
        [7, "pricer", 0.99, "/sonde_case_3_ab", "/var/tmp/sonde_case_9/pricer 5"],
        [8, "python3", 0.1, "/bossd/75ab,/", "python3 /home/me/plan.py"],
      ]),
      functions: {
        kind: "table",
        fields: ["function", "module"].map((name) => ({ name, type: "string", unit: null })),
        rows: [["bossd::serve", "/opt/bossd"], ["malloc", "/usr/lib/libc.so.6"]],
      },
      stacks: [{
        labels: { comm: "bossd" },
        frames: [{ function: "bossd::serve", module: "/opt/bossd", kind: "user" }],
      }],
      profile: { frames: [{ module: "/home/me/app/lib.so" }, { module: "/usr/lib/libc.so.6" }] },
    },
    note: "No names in /home/me/app/lib.so, /usr/bin/x: stripped (25 ms/s)",
    items: [{ path: "/results/processes/rows/1/2", value: 0.99 }],
  };
  const [got] = scrub([JSON.stringify(line)]).map((l) => JSON.parse(l));
  assert.deepEqual(got.results.processes.rows, [
    [1, "init", 0.5, "/", "init"],
    [7, "pricer", 0.99, "/sonde_case_3_ab", "/var/tmp/sonde_case_9/pricer 5"],
    [8, "python3", 0.1, "75ab,/", "python3"],
  ]);
  assert.deepEqual(got.results.functions.rows, [["[unknown]", "init"], ["malloc", "/usr/lib/libc.so.6"]]);
  assert.equal(got.results.stacks[0].frames[0].function, "[unknown]");
  assert.deepEqual(got.results.profile.frames.map((f: { module: string }) => f.module), [
    "lib.so",
    "/usr/lib/libc.so.6",
  ]);
  assert.equal(got.note, "No names in lib.so, /usr/bin/x: stripped (25 ms/s)");
  assert.equal(got.items[0].path, "/results/processes/rows/1/2");
});
