import assert from "node:assert/strict";
import { recordsOf } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { literal, type ProbeSpec } from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { openBpfEngine } from "./engine.ts";
import { planFor, selfTgidOf } from "./planner.ts";
import { aggregate, bin, f } from "./testing/specs.ts";

const SIGKILL = 9;

Deno.test("a kept plan is used as it is; one whose tracepoints have other numbers by now is made anew", async () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const host = openHost();
  const kept = new Map<string, string>();
  let planned = 0;
  const planner = {
    planFor: (...args: Parameters<typeof planFor>) => (planned++, planFor(...args)),
    selfTgidOf,
  };
  const store = {
    get: (key: string) => kept.get(key) ?? null,
    put: (key: string, plan: string) => void kept.set(key, plan),
  };
  const spec = (): ProbeSpec => {
    const sig = f("args.sig", "int");
    const filter = bin("==", sig, literal(BigInt(SIGKILL)));
    return aggregate(["tracepoint:signal:signal_generate"], {}, { sig: ["max", sig] }, { filter });
  };
  const signals = async (): Promise<unknown> => {
    const engine = openBpfEngine(host, { planner, store });
    const wanted = spec();
    await engine.prepare!(wanted);
    assert.deepEqual(engine.supports(wanted), { ok: true, accuracy: "exact" });
    using session = engine.open(wanted);
    // Signals that we send ourselves are left out.
    await new Deno.Command("sh", { args: ["-c", "kill -9 $$"] }).output();
    return recordsOf(session.finish().batch)[0].sig;
  };
  assert.equal(await signals(), SIGKILL);
  assert.equal(await signals(), SIGKILL);
  assert.equal(planned, 1);
  for (const [key, text] of kept) {
    const other = text.replace(/("kind":"tracepoint","id":)\d+/, "$1 1");
    assert.notEqual(other, text);
    kept.set(key, other);
  }
  assert.equal(await signals(), SIGKILL);
  assert.equal(planned, 2);
});
