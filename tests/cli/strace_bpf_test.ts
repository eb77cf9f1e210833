import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { skip } from "../skip.ts";
import { sonde } from "./sonde.ts";

Deno.test("strace --bpf leaves output and exit code to the command, and writes a summary to standard error", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const run = await sonde(["strace", "--bpf", "--", "sh", "-c", "echo said; exit 7"]);
  assert.equal(run.code, 7);
  assert.equal(run.out, "said\n");
  const lines = run.err.trimEnd().split("\n");
  assert.equal(lines[0], "% time     seconds  usecs/call     calls    errors syscall");
  assert.match(lines.at(-1)!, /^100\.00 .* total$/);
  assert.ok(lines.some((line) => / 1 +execve$/.test(line)), run.err);
});

Deno.test("strace --bpf --json has calls with their errors, only those of -e, with the Quality of the measurement", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const run = await sonde(["strace", "--bpf", "--json", "-e", "trace=openat,close", "--", "cat", "/nowhere"]);
  assert.equal(run.code, 1);
  const { calls } = JSON.parse(run.err.slice(run.err.indexOf("{"))).results;
  assert.deepEqual(calls.rows.map((r: unknown[]) => r[0]).sort(), ["close", "openat"]);
  const openat = calls.rows.find((r: unknown[]) => r[0] === "openat");
  assert.ok(openat[1] >= 2 && openat[2] >= 1 && openat[3] > 0);
  assert.equal(calls.quality.lost, 0);
});

Deno.test("strace --bpf says what is wrong: no such command, no such process, options of lines", async () => {
  for (
    const [args, message] of [
      [["--", "no-such-command"], /Cannot start "no-such-command"/],
      [["-p", "4194304"], /There is no process 4194304/],
      [["-T", "--", "true"], /--bpf and --durations exclude each other/],
      [["-p", "1", "--", "true"], /a command or processes, not both/],
    ] as const
  ) {
    const run = await sonde(["strace", "--bpf", ...args]);
    assert.equal(run.code, 2, run.err);
    assert.match(run.err, message);
  }
});
