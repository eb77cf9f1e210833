import assert from "node:assert/strict";
import { skip } from "../skip.ts";
import { compileWorkload, runKernel, whyNoKernel } from "./run_kernel.ts";

// One without and one with kprobe_multi, uprobe_multi and return values by cookie: both ways of many a probe kind.
for (const kernel of ["5.10", "6.12"]) {
  Deno.test(`in a guest with Linux ${kernel} every smoke case counts exactly what the load did`, async () => {
    const why = await whyNoKernel(kernel);
    if (why !== null) return skip(`no guest with Linux ${kernel}: ${why}`);
    await using workload = await compileWorkload();
    if (!workload) return skip("gcc is not installed");
    const { outcomes, error } = await runKernel(kernel, workload.program);
    assert.equal(error, "");
    // These kernels have all that is asked of them: what is refused there is a defect, too.
    assert.deepEqual(outcomes.filter((o) => o.result !== "ok"), []);
    assert.ok(outcomes.length > 30, `only ${outcomes.length} cases ran`);
  });
}
