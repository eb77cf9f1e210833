import assert from "node:assert/strict";
import { openHost } from "../core/host/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import type { Quality } from "../core/data/mod.ts";
import { bpfEngine } from "./mod.ts";
import { aggregate } from "./testing/specs.ts";

/** Our own system calls until well into the first phase of measuring. */
async function measured(budget?: number): Promise<Quality> {
  const spec = { ...aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }, { includeSelf: true }), budget };
  using session = bpfEngine(openHost()).open(spec);
  const end = performance.now() + 180;
  while (performance.now() < end) {
    for (let i = 0; i < 200; i++) Deno.statSync("/");
    // Lets the meter's timers run.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return session.finish().quality;
}

Deno.test("without a budget the cost is an estimate of some nanoseconds to microseconds an event", async () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const { cost, events } = await measured();
  assert.equal(cost.estimated, true);
  assert.ok(cost.probe_ns > events * 20 && cost.probe_ns < events * 20_000, `${cost.probe_ns} ns of ${events} events`);
});

Deno.test("with a budget the kernel measures every run", async () => {
  if (!hasCapability(CAP.SYS_ADMIN)) return skip("run time statistics take CAP_SYS_ADMIN");
  const { cost } = await measured(1);
  assert.equal(cost.estimated, false);
  assert.ok(cost.probe_ns > 0);
});
