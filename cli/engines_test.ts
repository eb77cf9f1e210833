import assert from "node:assert/strict";
import { UnsupportedError, UsageError } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { chooseEngineFor, engineNamed, enginesOf } from "./engines.ts";

const host = openHost();
const spec: ProbeSpec = {
  source: { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] },
  steps: [],
  output: { kind: "aggregate", keys: [], aggregates: [{ name: "n", fn: "count", args: [] }], maxKeys: 1 },
  includeSelf: false,
};

Deno.test("enginesOf() lists the engines best first, each once for a host", async () => {
  const list = await enginesOf(host);
  assert.deepEqual(list.map((e) => e.name).filter((name) => name !== "bpf-perfbuf"), ["bpf", "perf", "poll"]);
  assert.deepEqual(await Promise.all([enginesOf(host), enginesOf(host)]), [list, list]);
});

Deno.test("engineNamed() finds engines by name and lists them for one that is none", async () => {
  assert.equal((await engineNamed(host, "perf")).name, "perf");
  await assert.rejects(engineNamed(host, "dtrace"), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'There is no engine "dtrace"');
    assert.match(error.hint, /best first: bpf, .*perf, poll/);
    return true;
  });
});

Deno.test("chooseEngineFor() takes the one that is forced, or tells why that cannot", async () => {
  await assert.rejects(chooseEngineFor(host, spec, "poll"), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /No engine can run probes on raw_tracepoint:sys_enter here: poll: Polling sees states/);
    return true;
  });
  if (!hasCapability(CAP.PERFMON) || !hasCapability(CAP.BPF)) return skip("CAP_BPF or CAP_PERFMON is missing");
  assert.equal((await chooseEngineFor(host, spec)).name, "bpf");
  assert.equal((await chooseEngineFor(host, spec, "perf")).name, "perf");
});
