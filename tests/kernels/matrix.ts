/**
 * `deno task test:kernels [KERNEL…] [--write] [--only NAME] [--strict]`: boots each kernel once, runs the smoke cases in
 * it and prints a table kernel × probe kind × engine. Without names: 5.10, 6.1, 6.12 and the newest on offer. `--write`
 * puts the table into docs/kernels.md. Exit code 1 when a case failed or a kernel did not boot; with `--strict` also
 * when something is not there yet.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { compileC } from "../compile_c.ts";
import { type KernelRun, matrixTable, replaceMeasured } from "./matrix_table.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUN = `${ROOT}tests/kernels/run`;
const PAGE = `${ROOT}docs/kernels.md`;
/** A guest that takes longer than this hangs: the slowest was seen to take 40 s. */
const TIMEOUT_S = 300;

const { kernels, write, only, strict } = readArguments(Deno.args);
const directory = await Deno.makeTempDir({ prefix: "sonde_kernels_" });
let failed = false;
try {
  const program = `${directory}/sonde_load`;
  const source = await Deno.readTextFile(`${ROOT}tests/kernels/workload.c`);
  if (!await compileC(source, program, ["-static"])) throw new Error("gcc is missing: install gcc and libc6-dev");
  const runs: KernelRun[] = [];
  for (const kernel of kernels.length > 0 ? kernels : ["5.10", "6.1", "6.12", await newestKernel()]) {
    const run = await runKernel(kernel, program);
    runs.push(run);
    const of = (r: SmokeOutcome["result"]): number => run.outcomes.filter((o) => o.result === r).length;
    console.error(
      `${run.release || kernel}: ${of("ok")} yes, ${of("refused")} refused, ${of("not yet")} not yet, ` +
        `${of("failed")} failed in ${run.seconds.toFixed(0)} s${run.error ? `; ${run.error}` : ""}`,
    );
    failed ||= of("failed") > 0 || run.error !== "" || strict && of("not yet") > 0;
  }
  const table = matrixTable(runs);
  console.log(table);
  if (write) await Deno.writeTextFile(PAGE, replaceMeasured(await Deno.readTextFile(PAGE), table));
} finally {
  await Deno.remove(directory, { recursive: true });
}
Deno.exit(failed ? 1 : 0);

/** Boots one kernel and reads what the cases print. */
async function runKernel(kernel: string, program: string): Promise<KernelRun> {
  const started = performance.now();
  // The guest shares its current directory with us and drops all other changes.
  const { stdout, stderr, code } = await new Deno.Command(RUN, {
    args: [kernel, "--", Deno.execPath(), "run", "-A", "--no-check", "tests/kernels/smoke.ts", program, ...only],
    cwd: ROOT,
    env: { KERNEL_MATRIX_TIMEOUT: String(TIMEOUT_S), DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const [first, ...outcomes] = text(stdout).split("\n").filter((l) => l.startsWith("{")).map((l) => JSON.parse(l));
  const last = text(stderr).trim().split("\n").slice(-3).join(" / ");
  return {
    kernel,
    release: first?.kernel ?? "",
    outcomes,
    seconds: (performance.now() - started) / 1000,
    error: code === 0 ? "" : `ended with ${code} after ${outcomes.length} cases: ${last}`,
  };
}

/** The newest series on offer, real-time flavours aside. */
async function newestKernel(): Promise<string> {
  const { stdout, success } = await new Deno.Command(RUN, { args: ["--list"], stderr: "inherit" }).output();
  const series = new TextDecoder().decode(stdout).split("\n").filter((l) => /^\d+\.\d+$/.test(l));
  if (!success || series.length === 0) {
    throw new Error("tests/kernels/run --list names no kernel: see its messages above");
  }
  return series.at(-1)!;
}

interface Arguments {
  readonly kernels: readonly string[];
  /** Cases whose name contains one of these; all when empty. */
  readonly only: readonly string[];
  readonly write: boolean;
  readonly strict: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const kernels: string[] = [];
  const only: string[] = [];
  let write = false;
  let strict = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--write") write = true;
    else if (args[i] === "--strict") strict = true;
    else if (args[i] === "--only") only.push(args[++i] ?? "");
    else if (/^\d/.test(args[i])) kernels.push(args[i]);
    else {
      console.error(`${args[i]} is no kernel and no option: matrix.ts [KERNEL…] [--write] [--only NAME] [--strict]`);
      Deno.exit(2);
    }
  }
  if (write && only.length > 0) {
    console.error("--write wants all cases: leave --only out");
    Deno.exit(2);
  }
  return { kernels, only, write, strict };
}
