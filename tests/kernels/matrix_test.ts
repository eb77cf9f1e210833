import assert from "node:assert/strict";
import { bpftraceVersion } from "../bpftrace_oracle.ts";
import { ONELINER_CASES } from "../oneliner_cases.ts";
import { skip } from "../skip.ts";
import { compileWorkload, inGuest, runKernel, whyNoKernel } from "./run_kernel.ts";

// One without and one with kprobe_multi, uprobe_multi and return values by cookie: both ways of many a probe kind.
for (const kernel of ["5.10", "6.12"]) {
  Deno.test(`in a guest with Linux ${kernel} every smoke case counts exactly what the load did`, async () => {
    const why = await whyNoKernel(kernel);
    if (why !== null) return skip(`no guest with Linux ${kernel}: ${why}`);
    await using workload = await compileWorkload();
    if (!workload) return skip("gcc is not installed");
    // Instruments on one kernel: a guest takes minutes for them. `deno task test:kernels` runs them on all.
    const parts = kernel === "6.12" ? [] : ["--smoke"];
    const { outcomes, instruments, error } = await runKernel(kernel, workload.program, parts);
    assert.equal(error, "");
    assert.deepEqual(instruments.filter((o) => o.result === "failed"), []);
    // These kernels have all that is asked of them: what is refused there is a defect, too; but a module has to be built.
    const noModule = outcomes.filter((o) => o.result === "refused" && /^no headers|^the module/.test(o.reason));
    if (noModule.length > 0) skip(`a tracepoint of a module on Linux ${kernel}: ${noModule[0].reason}`);
    assert.deepEqual(outcomes.filter((o) => o.result !== "ok" && !noModule.includes(o)), []);
    assert.ok(outcomes.length > 30, `only ${outcomes.length} cases ran`);
  });
}

Deno.test("in a guest with kprobes the one-liners on kernel functions, and sonde calls, count what bpftrace counts", async () => {
  const kernel = "6.12";
  const why = await whyNoKernel(kernel);
  if (why !== null) return skip(`no guest with Linux ${kernel}: ${why}`);
  // Where it must be fetched first: there is no network in a guest.
  if (await bpftraceVersion(true) === null) return skip("bpftrace is not installed");
  const names = ONELINER_CASES.filter((c) => c.kprobes).map((c) => c.recipe);
  const { code, stdout, stderr } = await inGuest(kernel, [
    ...[Deno.execPath(), "test", "-A", "--no-check", "tests/oneliners_test.ts", "tests/calls/kernel_calls_test.ts"],
    ...["--", ...names],
  ]);
  assert.equal(code, 0, stdout + stderr);
  assert.ok(!stdout.includes("SKIPPED") && names.every((name) => stdout.includes(name)), stdout);
});
