import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { command, sonde } from "./sonde.ts";

/** The example of the language's design: spans, calls, a block that measures off-CPU time, an expectation, a question. */
const EXAMPLE = fileURLToPath(new URL("../fixtures/language/run_queue.perf", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

Deno.test("the example of the design is checked and explained", async () => {
  const checked = await sonde(["check", EXAMPLE]);
  assert.equal(checked.code, 0, checked.out + checked.err);
  const { code, out, err } = await sonde(["explain", "--json", EXAMPLE]);
  assert.equal(code, 0, err);
  const { steps } = JSON.parse(out);
  assert.deepEqual(steps.map((s: { kind: string }) => s.kind), ["phase", "when", "statement", "statement"]);
  const [{ pipelines }, when] = steps;
  assert.deepEqual(pipelines.map((p: { name: string }) => p.name), ["waits", "opens", "fsync"]);
  const [blocked] = when.then[0].pipelines;
  assert.deepEqual([blocked.name, blocked.result, blocked.problem], ["blocked", "profile", ""]);
});

Deno.test("the example of the design runs unchanged, started by deno as its first line says", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const args = ["run", "-A", "--config", CONFIG, EXAMPLE, "--param", "window=1s", "--json"];
    const { code, out, err } = await command(Deno.execPath(), args, { cwd: dir });
    const report = JSON.parse(out);
    assert.deepEqual(report.errors, [], err);
    // How long threads wait depends on the machine; that both outcomes are told right does not.
    const [expect] = report.expects;
    assert.equal(code, expect.outcome === "pass" ? 0 : 1);
    const [, , p99] = report.results.waits.rows[0];
    assert.equal(expect.value, Math.max(...report.results.waits.rows.map((r: number[]) => r[2])));
    assert.equal(expect.outcome, p99 < 50e6 ? "pass" : "fail");
    const slow = p99 > 20e6;
    assert.deepEqual(report.saved, slow ? ["blocked.svg"] : []);
    assert.equal(report.phases.length, slow ? 2 : 1);
    assert.equal(report.asks[0].error, "");
    assert.ok(report.asks[0].diagnosis.root_cause.length > 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
