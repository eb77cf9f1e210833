import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { sonde } from "../cli/sonde.ts";
import { skip } from "../skip.ts";

/** Sleeps 5 ms again and again, in a thread whose number it prints first; on SIGTERM it says how often. */
const SLEEPER = `
import os, signal, sys, time
done = 0
def stop(*_):
    print(done, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print(os.getpid(), flush=True)
while True:
    time.sleep(0.005)
    done += 1
`;

Deno.test("offcpu.stacks tells sleeps of 5 ms as such, with the stack that slept", async () => {
  const child = new Deno.Command("python3", { args: ["-c", SLEEPER], stdin: "null", stdout: "piped" }).spawn();
  try {
    const reader = child.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    reader.releaseLock();
    const { code, out, err } = await sonde([
      ...["run", "--json", "--param", `pid=${pid}`, "-e"],
      `param pid: pid
let sleeps = collect offcpu.stacks(pid: $pid) for 1s | filter reason == "sleep"
  | aggregate count(), sum(duration) as total, p50(duration) as half by pid, kstack
let flame = collect offcpu.stacks(pid: $pid) for 1s | filter duration > 1ms | aggregate flame(duration)`,
    ]);
    assert.equal(code, 0, err);
    const { sleeps, flame } = JSON.parse(out).results;
    const [[of, stack, count, total, half]] = sleeps.rows;
    assert.equal(of, pid);
    assert.ok(half >= 5e6 && half < 50e6, `half of the sleeps take ${half} ns`);
    // On a busy machine it may not get back to sleep at once: fewer sleeps, but none that is much longer.
    assert.ok(count > 20 && count <= sleeps.quality.duration_ns / 5e6, `${count} sleeps in a second`);
    assert.ok(total / count >= 5e6 && total <= sleeps.quality.duration_ns, `${total} ns in ${count} sleeps`);
    const functions = stack.frames.map((f: { function: string }) => f.function).join(" ");
    assert.match(functions, /nanosleep|pselect|select/);
    assert.deepEqual(flame.sample_types, [{ name: "duration", unit: "ns" }]);
    const inAll = flame.stacks.reduce((sum: number, s: { values: number[] }) => sum + s.values[0], 0);
    // Two windows of one second each that ran together.
    assert.ok(inAll > 0.5 * total && inAll < 2 * total, `${inAll} ns in the flame graph, ${total} ns in the table`);
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await child.status;
  }
});

Deno.test("offcpu.waits tells who ended sleeps; off_cpu_analysis has the same in its tables", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const child = new Deno.Command("python3", { args: ["-c", SLEEPER], stdin: "null", stdout: "piped" }).spawn();
  try {
    const reader = child.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    reader.releaseLock();
    const recipe = `param pid: pid
let sleeps = collect offcpu.waits(pid: $pid, min: 1ms) for 1s | filter not throughout
  | aggregate sum(waits) as waits, sum(duration) as total, max(max) as longest by reason, waker, syscall`;
    const run = await sonde(["run", "--json", "--param", `pid=${pid}`, "-e", recipe]);
    assert.equal(run.code, 0, run.err);
    const { sleeps } = JSON.parse(run.out).results;
    const [reason, waker, syscall, waits, total] = sleeps.rows.find((r: unknown[]) =>
      r[0] === "sleep" && r[1] === "[timer]"
    );
    assert.deepEqual([reason, waker], ["sleep", "[timer]"]);
    assert.match(syscall, /nanosleep|select/);
    assert.ok(waits > 20 && total >= waits * 4.9e6, `${total} ns in ${waits} sleeps`);

    const tool = await sonde(["tool", "off_cpu_analysis", JSON.stringify({ pid, duration_secs: 1 }), "--json"]);
    assert.equal(tool.code, 0, tool.err);
    const { results } = JSON.parse(tool.out);
    assert.deepEqual(Object.keys(results), [
      "summary",
      "reasons",
      "stacks",
      "wakers",
      "threads",
      "durations",
      "profile",
    ]);
    assert.equal(results.reasons.rows[0][0], "sleep");
    assert.equal(results.wakers.rows[0][0], "[timer]");
    assert.deepEqual(results.profile.sample_types[0], { name: "off_cpu", unit: "ns" });
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await child.status;
  }
});
