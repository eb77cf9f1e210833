import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { command, type Run, SONDE, sonde } from "./sonde.ts";
import { skip } from "../skip.ts";

/** Root without any capability: what an unprivileged user may do, with root's files still readable. */
async function unprivileged(args: readonly string[]): Promise<Run | null> {
  if (Deno.uid() !== 0) return null;
  const { code } = await command("setpriv", ["--bounding-set=-all", "--inh-caps=-all", "true"]);
  if (code !== 0) return null;
  return await command("setpriv", ["--bounding-set=-all", "--inh-caps=-all", SONDE, ...args]);
}

const NO_SETPRIV = "setpriv cannot drop capabilities here";

Deno.test("without CAP_BPF a probe ends with 3, and the reason and the remedy are told", async () => {
  const run = await unprivileged(["run", "-e", "collect raw_tracepoint:sys_enter for 1s | aggregate count() by comm"]);
  if (!run) return skip(NO_SETPRIV);
  assert.equal(run.code, 3);
  assert.match(run.err, /raw_tracepoint:sys_enter.*CAP_BPF/);
  assert.match(run.err, /Run as root/);
});

Deno.test("without CAP_PERFMON a profile ends with 3, and the reason and the remedy are told", async () => {
  const run = await unprivileged(["profile", "--for", "1"]);
  if (!run) return skip(NO_SETPRIV);
  if (run.code === 0) return skip("the kernel lets everybody sample CPUs (perf_event_paranoid)");
  assert.equal(run.code, 3);
  assert.match(run.err, /perf_event_paranoid/);
});

Deno.test("without privileges a diagnosis still measures, and says what it could not see", async () => {
  const run = await unprivileged(["diagnose", "--for", "3", "--json"]);
  if (!run) return skip(NO_SETPRIV);
  assert.equal(run.code, 0, run.err);
  const diagnosis = JSON.parse(run.out);
  assert.ok(diagnosis.use_matrix.some((row: { resource: string }) => row.resource === "cpu"));
  assert.match(diagnosis.quality.notes.join("\n"), /CAP_SYS_PTRACE/);
});

Deno.test("doctor tells each missing capability, and ends with 0", async () => {
  const run = await unprivileged(["doctor", "--json"]);
  if (!run) return skip(NO_SETPRIV);
  assert.equal(run.code, 0, run.err);
  const { checks } = JSON.parse(run.out) as { checks: { name: string; state: string; remedy: string }[] };
  const bpf = checks.find((c) => c.name === "CAP_BPF");
  assert.equal(bpf?.state, "no");
  assert.match(bpf?.remedy ?? "", /CAP_BPF/);
  const state = (name: string): string | undefined => checks.find((c) => c.name === name)?.state;
  assert.equal(state("strace"), "yes", "a command of one's own can be traced");
  assert.equal(state("strace --bpf"), "no");
});

Deno.test("doctor tries each tracer and analyzer", async () => {
  const { out, code } = await sonde(["doctor", "--json"]);
  assert.equal(code, 0);
  const { checks } = JSON.parse(out) as { checks: { area: string; name: string; state: string; found: string }[] };
  const tracers = checks.filter((c) => c.area === "tracers");
  assert.ok(tracers.filter((c) => c.name.startsWith("analyze ")).length === 8);
  assert.deepEqual(tracers.filter((c) => c.found === ""), []);
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  assert.equal(tracers.find((c) => c.name === "strace --bpf")?.found, "works: libbpf");
});
