import assert from "node:assert/strict";
import { command, type Run, SONDE } from "./sonde.ts";
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
});
