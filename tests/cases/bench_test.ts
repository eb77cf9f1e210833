import assert from "node:assert/strict";
import { skip } from "../skip.ts";
import { openBench } from "./bench.ts";
import { CASES } from "./cases.ts";

/** Why loads cannot be started here, or null. */
async function missing(): Promise<string | null> {
  if (Deno.uid() !== 0) return "the loads need root for their cgroups";
  try {
    await new Deno.Command("gcc", { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "no gcc to build the loads with";
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every program of the loads builds without warnings", async () => {
  const reason = await missing();
  if (reason) return skip(reason);
  const dir = new URL("./programs/", import.meta.url);
  for await (const { name } of Deno.readDir(dir)) {
    if (!name.endsWith(".c")) continue;
    const args = ["-Wall", "-Wextra", "-Werror", "-O1", "-pthread", "-o", "/dev/null", new URL(name, dir).pathname];
    const { success, stderr } = await new Deno.Command("gcc", { args, stderr: "piped" }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  }
});

Deno.test("a bench leaves nothing behind: no process, no cgroup, no file", async () => {
  const reason = await missing();
  if (reason) return skip(reason);
  if (!exists("/sys/fs/cgroup/memory") && !exists("/sys/fs/cgroup/cgroup.controllers")) {
    return skip("no cgroup hierarchy is mounted where it usually is");
  }
  let pids: readonly number[], dirs: string[];
  {
    await using bench = await openBench();
    const cgroup = await bench.cgroup({ memory: 64 << 20, cpus: 0.5 });
    await bench.start("growing", "sessiond", { args: ["8", "64", "100", "32"], cgroup });
    await bench.start("service", "frontd", { args: ["50"], cpu: 0 });
    bench.check();
    pids = bench.pids;
    dirs = [bench.dir, ...cgroup.procs.map((p) => p.replace(/\/cgroup\.procs$/, ""))];
    for (const procs of cgroup.procs) assert.equal(Number(await Deno.readTextFile(procs)), pids[0]);
    assert.match(await Deno.readTextFile(`/proc/${pids[1]}/status`), /^Cpus_allowed_list:\t0$/m);
    assert.equal(await Deno.readTextFile(`/proc/${pids[0]}/comm`), "sessiond\n");
  }
  for (const pid of pids) assert.ok(!exists(`/proc/${pid}`), `process ${pid} lives`);
  for (const dir of dirs) assert.ok(!exists(dir), `${dir} is still there`);
});

Deno.test("a program that fails to start is an error, and the bench still cleans up", async () => {
  const reason = await missing();
  if (reason) return skip(reason);
  let dir = "";
  await assert.rejects(async () => {
    await using bench = await openBench();
    dir = bench.dir;
    await bench.start("reread", "indexer", { args: ["/nowhere"] });
  }, /indexer did not become ready/);
  assert.ok(!exists(dir));
});

Deno.test("the hot function of its load holds what the label says", async () => {
  const reason = await missing();
  if (reason) return skip(reason);
  const { start } = CASES.find((c) => c.name === "hot_function")!;
  await using bench = await openBench();
  await start(bench);
  const perf = new Deno.Command("perf", {
    args: [
      "record",
      "-q",
      "-e",
      "cpu-clock",
      "-F",
      "500",
      "-p",
      String(bench.pids[1]),
      "-o",
      `${bench.dir}/perf.data`,
      "--",
      "sleep",
      "0.5",
    ],
    stdout: "null",
    stderr: "piped",
  });
  let recorded: Deno.CommandOutput;
  try {
    recorded = await perf.output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("no perf to check the load with");
    throw error;
  }
  if (!recorded.success) return skip(`perf cannot record here: ${new TextDecoder().decode(recorded.stderr).trim()}`);
  const report = await new Deno.Command("perf", {
    args: ["report", "-i", `${bench.dir}/perf.data`, "--stdio", "-q", "-s", "symbol", "-g", "none"],
    stdout: "piped",
    stderr: "null",
  }).output();
  const share = /([\d.]+)%.*price_option/.exec(new TextDecoder().decode(report.stdout))?.[1];
  assert.ok(Number(share) > 55 && Number(share) < 85, `price_option has ${share} %`);
});
