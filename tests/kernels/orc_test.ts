import assert from "node:assert/strict";
import { skip } from "../skip.ts";
import type { OrcCapture } from "./orc_capture.ts";
import { checkOrc } from "./orc_check.ts";
import { compileWorkload, inGuest, kernelFolder, whyNoKernel } from "./run_kernel.ts";

/** The oldest form of the table and the one before the last; `SONDE_ALL_KERNELS=1`: also those between and after. */
const KERNELS = Deno.env.get("SONDE_ALL_KERNELS") === "1" ? ["5.10", "6.1", "6.12", "7.3"] : ["5.10", "6.12"];

for (const kernel of KERNELS) {
  Deno.test(`kernel stacks unwound by ORC are those of bpf_get_stack in Linux ${kernel}`, async () => {
    const why = await whyNoKernel(kernel);
    if (why !== null) return skip(`no guest with Linux ${kernel}: ${why}`);
    await using workload = await compileWorkload();
    if (!workload) return skip("gcc is not installed");
    const { code, stdout, stderr } = await inGuest(kernel, [
      ...[Deno.execPath(), "run", "-A", "--no-check", "tests/kernels/orc_capture.ts", workload.program],
    ]);
    assert.equal(code, 0, stderr);
    const capture: OrcCapture = JSON.parse(stdout);
    const seen = await checkOrc(capture, kernelFolder(kernel));
    console.log(
      `${seen.samples} stacks of ${seen.frames} frames: ${seen.same} the same, ${seen.cut} as far as was copied, ` +
        `${seen.wrong.length} wrong; could not probe: ${capture.refused.join("; ") || "nothing"}`,
    );
    assert.deepEqual(seen.wrong, []);
    assert.ok(seen.same > 100 && seen.cut < seen.same / 5);
  });
}
