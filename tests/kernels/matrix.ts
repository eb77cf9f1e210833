/**
 * `deno task test:kernels [KERNEL…] [--write] [--instruments] [--only NAME]`: boots each kernel once, runs the smoke cases in
 * it and prints two tables: kernel × probe kind × engine, and kernel × instrument. Without names: 5.10, 6.1, 6.12 and the newest on offer. `--write`
 * puts the tables into docs/kernels.md. Exit code 1 when a case failed or a kernel did not boot.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { instrumentTable } from "./instrument_table.ts";
import { type KernelRun, matrixTable, replaceMeasured } from "./matrix_table.ts";
import { ORC_CASE, orcOutcome } from "./orc_run.ts";
import { compileWorkload, kernelsOnOffer, runKernel } from "./run_kernel.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

const PAGE = fileURLToPath(new URL("../../docs/kernels.md", import.meta.url));

const { kernels, write, only, instrumentsOnly } = readArguments(Deno.args);
let failed = false;
{
  await using workload = await compileWorkload();
  if (!workload) throw new Error("gcc is missing: install gcc and libc6-dev");
  const runs: KernelRun[] = [];
  for (const kernel of kernels.length > 0 ? kernels : ["5.10", "6.1", "6.12", await newestKernel()]) {
    const names = instrumentsOnly ? ["--instruments", ...only] : only;
    const smoke = await runKernel(kernel, workload.program, names, !instrumentsOnly);
    const wanted = !instrumentsOnly && (only.length === 0 || only.some((name) => ORC_CASE.includes(name)));
    const run = wanted
      ? { ...smoke, outcomes: [...smoke.outcomes, await orcOutcome(kernel, workload.program)] }
      : smoke;
    runs.push(run);
    const of = (r: SmokeOutcome["result"]): number =>
      [...run.outcomes, ...run.instruments].filter((o) => o.result === r).length;
    console.error(
      `${run.release || kernel}: ${of("ok")} yes, ${of("refused")} refused, ${of("failed")} failed ` +
        `in ${run.seconds.toFixed(0)} s${run.error ? `; ${run.error}` : ""}`,
    );
    failed ||= of("failed") > 0 || run.error !== "";
  }
  const table = instrumentsOnly ? "" : matrixTable(runs);
  const instruments = instrumentTable(runs);
  console.log(`${table}\n\n${instruments}`);
  if (write) {
    const before = await Deno.readTextFile(PAGE);
    const page = instrumentsOnly ? before : replaceMeasured(before, table);
    await Deno.writeTextFile(PAGE, replaceMeasured(page, instruments, "instruments"));
  }
}
Deno.exit(failed ? 1 : 0);

/** The newest series on offer, real-time flavours aside. */
async function newestKernel(): Promise<string> {
  const newest = (await kernelsOnOffer()).filter((l) => /^\d+\.\d+$/.test(l)).at(-1);
  if (newest === undefined) throw new Error("tests/kernels/run --list names no kernel: see its messages above");
  return newest;
}

interface Arguments {
  readonly kernels: readonly string[];
  /** Cases whose name contains one of these; all when empty. */
  readonly only: readonly string[];
  readonly write: boolean;
  /** The smoke cases are left out, and their table as it is. */
  readonly instrumentsOnly: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const kernels: string[] = [];
  const only: string[] = [];
  let write = false;
  let instrumentsOnly = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--write") write = true;
    else if (args[i] === "--instruments") instrumentsOnly = true;
    else if (args[i] === "--only") only.push(args[++i] ?? "");
    else if (/^\d/.test(args[i])) kernels.push(args[i]);
    else {
      console.error(
        `${args[i]} is no kernel and no option: matrix.ts [KERNEL…] [--write] [--instruments] [--only NAME]`,
      );
      Deno.exit(2);
    }
  }
  if (write && only.length > 0) {
    console.error("--write wants all cases: leave --only out");
    Deno.exit(2);
  }
  return { kernels, only, write, instrumentsOnly };
}
