import type { OrcCapture } from "./orc_capture.ts";
import { checkOrc, type OrcComparison } from "./orc_check.ts";
import { inGuest, kernelFolder } from "./run_kernel.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

/**
 * Boots a kernel, captures stacks in it and compares what we make of them with what the kernel did.
 *
 * @param program the load of `compileWorkload`
 * @throws {Error} when the capture failed
 */
export async function runOrc(kernel: string, program: string): Promise<OrcComparison> {
  const { code, stdout, stderr } = await inGuest(kernel, [
    ...[Deno.execPath(), "run", "-A", "--no-check", "tests/kernels/orc_capture.ts", program],
  ]);
  if (code !== 0) throw new Error(`orc_capture.ts ended with ${code}: ${stderr}`);
  const capture: OrcCapture = JSON.parse(stdout);
  return await checkOrc(capture, kernelFolder(kernel));
}

/** The name of the case in the table of kernels. */
export const ORC_CASE = "kernel stacks by ORC";

/** The same as a case of the table. Never throws. */
export async function orcOutcome(kernel: string, program: string): Promise<SmokeOutcome> {
  const started = performance.now();
  const outcome = (result: SmokeOutcome["result"], reason: string): SmokeOutcome => {
    const ms = Math.round(performance.now() - started);
    return { name: ORC_CASE, kind: "unwinding", engine: "", result, reason, ms };
  };
  try {
    const { samples, wrong } = await runOrc(kernel, program);
    if (samples === 0) return outcome("failed", "nothing was captured");
    return wrong.length === 0 ? outcome("ok", "") : outcome("failed", `${wrong.length} of ${samples}: ${wrong[0]}`);
  } catch (error) {
    return outcome("failed", String(error).split("\n")[0]);
  }
}
