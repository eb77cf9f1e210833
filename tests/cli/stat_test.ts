import assert from "node:assert/strict";
import { sonde } from "./sonde.ts";

Deno.test("sonde stat counts a command from exec on, passes its output and exit code through", async () => {
  const { code, out, err } = await sonde([
    "stat",
    "-e",
    "task-clock,page-faults",
    "--",
    "sh",
    "-c",
    // What our launcher sets for our runtime is not for it.
    "echo hello$DENO_NO_UPDATE_CHECK; exit 5",
  ]);
  assert.equal(code, 5);
  assert.equal(out, "hello\n");
  assert.match(err, /task-clock +[\d.]+ CPUs used/);
  assert.match(err, /\d+ +page-faults/);
});

Deno.test("sonde stat --json holds counters, ratios, intervals; what the machine lacks is null, not 0", async () => {
  const { code, out } = await sonde(["stat", "--json", "--for", "0.5", "--every", "0.2"]);
  assert.equal(code, 0);
  const { results } = JSON.parse(out);
  const rows = results.counters.rows.map((r: unknown[]) =>
    Object.fromEntries(results.counters.fields.map((f: { name: string }, i: number) => [f.name, r[i]]))
  );
  const clock = rows.find((r: { event: string }) => r.event === "cpu-clock");
  const cpus = navigator.hardwareConcurrency;
  // A CPU's clock runs as the window does.
  assert.ok(clock.value > results.counters.quality.duration_ns * cpus * 0.9);
  for (const row of rows) assert.equal(row.value === null, row.state !== "counted", row.event);
  assert.deepEqual(results.intervals.points[0].name, "cpu-clock");
  assert.ok(results.intervals.points[0].v.length >= 2);
});

Deno.test("sonde stat -r tells means and their error; its output is a file when asked", async () => {
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  const { code } = await sonde(["stat", "-r", "3", "-e", "page-faults", "-o", file, "--", "true"]);
  assert.equal(code, 0);
  const text = await Deno.readTextFile(file);
  await Deno.remove(file);
  assert.match(text, /^event,value,unit,per_second,running,state,reason,deviation/);
  assert.match(text, /^page-faults,\d/m);
});

Deno.test("sonde stat refuses what cannot be, and says what there is", async () => {
  const cases: [string[], number, RegExp][] = [
    [["-e", "cycels", "--for", "0.1"], 2, /There is no event "cycels"[^]*cycles/],
    [["-e", "{cycles", "--for", "0.1"], 2, /the group has no end/],
    [["-p", "4194303"], 2, /no process 4194303/],
    [["-r", "2"], 2, /--repeat runs a command/],
    [["-a", "--", "true"], 2, /exclude each other/],
    [["-e", "gpu/busy/", "--for", "0.1"], 2, /There is no event source "gpu"/],
  ];
  for (const [args, code, says] of cases) {
    const run = await sonde(["stat", ...args]);
    assert.equal(run.code, code, run.err);
    assert.match(run.err, says);
    assert.doesNotMatch(run.err, /\bat file:|Uncaught/);
  }
});

Deno.test("the tool get_hw_counters takes the schema's arguments and states what it cannot know", async () => {
  const args = JSON.stringify({ pid: 0, duration_secs: 1, events: ["cycles", "instructions", "mem-bandwidth-local"] });
  const { code, out } = await sonde(["tool", "get_hw_counters", args, "--json"]);
  assert.equal(code, 0);
  const { results } = JSON.parse(out);
  assert.deepEqual(Object.keys(results), ["counters", "ratios", "memory_bandwidth"]);
  const bad = await sonde(["tool", "get_hw_counters", '{"events":["cycels"]}']);
  assert.equal(bad.code, 2);
});

Deno.test("sonde stat refuses a picture's ending before it counts anything", async () => {
  for (const file of ["a.html", "a.svg", "a.folded"]) {
    const { code, err } = await sonde(["stat", "-o", file, "--", "sh", "-c", "echo ran >&2"]);
    assert.equal(code, 2);
    assert.match(err, /counts are written as \.json, \.csv or \.txt/);
    assert.doesNotMatch(err, /ran/);
  }
});
