import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../skip.ts";
import { sonde } from "./sonde.ts";

Deno.test("analyze without a name lists the analyzers, each with what it tells", async () => {
  const { out, code } = await sonde(["analyze"]);
  assert.equal(code, 0);
  assert.equal(out.trimEnd().split("\n").length, 8);
  assert.match(out, /^tcp_latency +\S/m);
});

Deno.test("analyze says what is wrong before it measures", async () => {
  const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [["sycall_count"], 2, /no analyzer "sycall_count"\nDid you mean syscall_count\?/],
    [["nothing"], 2, /no analyzer "nothing"\nThere are: /],
    [["syscall_count", "-p", "4194304"], 2, /no process 4194304/],
    [["syscall_count", "-o", "x.svg"], 2, /syscall_count has tables, and no stacks to draw\n.*futex_contention/],
    [["syscall_count", "-o", "/nowhere/x.csv"], 2, /no folder "\/nowhere"/],
  ];
  for (const [args, code, message] of cases) {
    // It would measure for a day.
    const run = await sonde(["analyze", ...args, "-d", "1d"]);
    assert.match(run.err, message);
    assert.equal(run.code, code, run.err);
  }
});

Deno.test("analyze --json has each table, and the quality of the measurement", async () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  // On a quiet machine nobody else may make a call in that time.
  await using _caller = new Deno.Command("sh", { args: ["-c", "while sleep 0.01; do :; done"] }).spawn();
  const { out, code, err } = await sonde(["analyze", "syscall_count", "-d", "200ms", "--json"]);
  assert.equal(code, 0, err);
  const { results } = JSON.parse(out);
  assert.deepEqual(Object.keys(results), ["calls", "syscalls", "processes", "errors", "waiting"]);
  assert.ok(results.calls.rows.length > 0 && results.calls.quality.duration_ns >= 200e6);
});
