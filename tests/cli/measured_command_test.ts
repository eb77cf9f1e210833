/** Commands that Sonde starts and measures: what all that do so have in common. */
import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { isRunning, startSonde } from "../tracing/running_sonde.ts";
import { skip } from "../skip.ts";
import { sonde } from "./sonde.ts";

const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);

Deno.test("a command whose measurement is refused is not run; one that is not there is told at once", async () => {
  for (
    const measuring of [["calls", "syscall:fsinc"], ["calls", "kernel:no_such_function"], ["stat", "-e", "nothing"]]
  ) {
    const { out, code, err } = await sonde([...measuring, "--", "echo", "RAN"]);
    assert.equal(out, "", err);
    assert.ok(code === 2 || code === 3, err);
  }
  for (const measuring of [["calls", "syscall:read"], ["stat"], ["offcpu"], ["profile"], ["ftrace", "vfs_read"]]) {
    const { code, err } = await sonde([...measuring, "--", "no-such-command"]);
    assert.match(err, /Cannot start "no-such-command": it is not in PATH/);
    assert.equal(code, 2);
  }
});

Deno.test("a command sees itself by the name that was written, and its exit code is ours", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  for (const measuring of [["calls", "syscall:read"], ["stat"], ["offcpu"], ["profile"]]) {
    const { out, code, err } = await sonde([...measuring, "--", "sh", "-c", 'echo "$0"; exit 7']);
    assert.equal(out, "sh\n", err);
    assert.equal(code, 7);
  }
});

Deno.test("interrupted alone, it shows what there is and waits for the command; a second signal ends both", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const folder = await Deno.makeTempDir({ prefix: "sonde_command_" });
  try {
    const file = `${folder}/pid`;
    const words = ["sh", "-c", 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 600', file];
    const running = startSonde(["calls", "syscall:clock_nanosleep", "--", ...words]);
    const until = async (reached: () => boolean): Promise<void> => {
      while (!reached() && !running.over()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => exists(file));
    const command = Number(await Deno.readTextFile(file));
    running.kill("SIGINT");
    await until(() => !running.holdsProbes());
    assert.ok(!running.over(), "it waits");
    running.kill("SIGTERM");
    const { code, err } = await running.ended;
    assert.match(err, /Measured by the engine/);
    assert.match(err, new RegExp(`waiting for the command, process ${command};`));
    assert.equal(code, 143);
    // It was told; that it dies, and is waited for by whoever inherits it, takes a moment.
    while (isRunning(command)) await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the window of one process ends with it", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  for (const measuring of [["calls", "syscall:read"], ["analyze", "syscall_count"], ["stat"], ["offcpu"]]) {
    await using process = new Deno.Command("sleep", { args: ["3"] }).spawn();
    // It would measure for a day.
    const { code, err } = await sonde([...measuring, "-p", String(process.pid), "-d", "24h"]);
    assert.match(err, new RegExp(`Process ${process.pid} has ended`));
    assert.equal(code, 0);
  }
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
