import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { compileC } from "../compile_c.ts";
import { sonde } from "../cli/sonde.ts";
import { skip } from "../skip.ts";

/**
 * `sw_sleeper` waits for a byte in a pipe, which `sw_waker` writes each 2 ms: long after the other is off the CPU, since
 * a wake on the way there comes before the switch. Nothing else ever wakes it. Prints a line when both run.
 */
const SOURCE = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
static int ends[2];
static void *sleeper(void *x) {
  char c;
  prctl(PR_SET_NAME, "sw_sleeper");
  while (read(ends[0], &c, 1) == 1) {}
  return x;
}
int main(void) {
  pthread_t t;
  if (pipe(ends) || pthread_create(&t, 0, sleeper, 0)) return 1;
  prctl(PR_SET_NAME, "sw_waker");
  puts("ready");
  fflush(stdout);
  for (;;) { usleep(2000); if (write(ends[1], "x", 1) != 1) return 1; }
}`;

Deno.test("offcpu.stacks tells who woke a thread, by BPF and by perf events", async (t) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/pipes`;
  if (!await compileC(SOURCE, path, ["-pthread"])) {
    await Deno.remove(folder, { recursive: true });
    return skip("gcc is not installed");
  }
  const child = new Deno.Command(path, { stdin: "null", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  try {
    await reader.read();
    const recipe = `param pid: pid
let wakers = collect offcpu.stacks(pid: $pid) for 1s | filter comm == "sw_sleeper" and reason == "sleep"
  | aggregate count() as waits by waker, waker_pid
let woken = collect offcpu.stacks(pid: $pid) for 1s | filter waker == "sw_waker" | aggregate count() by comm`;
    for (const engine of ["bpf", "perf"]) {
      await t.step(engine, async () => {
        if (!hasCapability(CAP.PERFMON)) return skip("CAP_PERFMON is missing");
        if (engine === "bpf" && !hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
        const args = ["run", "--json", "--engine", engine, "--param", `pid=${child.pid}`, "-e", recipe];
        const { code, out, err } = await sonde(args);
        assert.equal(code, 0, err);
        const { wakers, woken } = JSON.parse(out).results;
        const rows: [waker: string | null, pid: number | null, waits: number][] = wakers.rows;
        const waits = rows.reduce((sum, r) => sum + r[2], 0);
        const right = rows.find((r) => r[0] === "sw_waker" && r[1] === child.pid)?.[2] ?? 0;
        assert.ok(waits > 20, `${waits} waits in a second`);
        assert.ok(right >= 0.99 * waits, `${right} of ${waits}: ${JSON.stringify(rows)}`);
        assert.deepEqual(woken.rows.map((r: unknown[]) => r[0]), ["sw_sleeper"]);
      });
    }
  } finally {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
});
