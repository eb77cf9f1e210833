import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildModule, type BuiltModule } from "./build_module.ts";
import { compileC } from "../compile_c.ts";
import type { KernelRun } from "./matrix_table.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUN = `${ROOT}tests/kernels/run`;
/** A guest that takes longer than this hangs: the slowest was seen to take some 250 s beside much other work. */
const TIMEOUT_S = Number(Deno.env.get("KERNEL_MATRIX_TIMEOUT") ?? 400);

/** The load of the cases, compiled, and its folder. */
export interface Workload extends AsyncDisposable {
  readonly program: string;
}

/** Compiles the load of the cases for any guest. Null when there is no compiler. */
export async function compileWorkload(): Promise<Workload | null> {
  const directory = await Deno.makeTempDir({ prefix: "sonde_kernels_" });
  const remove = (): Promise<void> => Deno.remove(directory, { recursive: true });
  try {
    const program = `${directory}/sonde_load`;
    const source = await Deno.readTextFile(`${ROOT}tests/kernels/workload.c`);
    if (await compileC(source, program, ["-static"])) return { program, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
  await remove();
  return null;
}

/**
 * Boots one kernel and reads what the smoke cases print in it.
 *
 * @param kernel series or release, as `tests/kernels/run` takes it
 * @param program the load of {@linkcode compileWorkload}
 * @param only cases whose name contains one of these; all when empty
 * @param install whether to install the compiler that a kernel's modules want, when it is missing
 */
export async function runKernel(
  kernel: string,
  program: string,
  only: readonly string[] = [],
  install = false,
): Promise<KernelRun> {
  const started = performance.now();
  const built = await moduleOf(kernel, dirname(program), install);
  const module = "path" in built ? built.path : `missing: ${built.missing}`;
  const { code, stdout, stderr } = await inGuest(kernel, [
    ...["env", `SONDE_TEST_MODULE=${module}`],
    ...[Deno.execPath(), "run", "-A", "--no-check", "tests/kernels/smoke.ts", program, ...only],
  ]);
  const [first, ...told] = stdout.split("\n").filter((l) => l.startsWith("{")).map((l) => JSON.parse(l));
  const last = stderr.trim().split("\n").slice(-3).join(" / ");
  return {
    kernel,
    release: first?.kernel ?? "",
    outcomes: told.filter((o) => !("instrument" in o)),
    instruments: told.filter((o) => "instrument" in o),
    seconds: (performance.now() - started) / 1000,
    error: code === 0 ? "" : `ended with ${code} after ${told.length} cases: ${last}`,
  };
}

/** The module of tests/kernels/module; the kernel is fetched first, if it must be. */
async function moduleOf(kernel: string, folder: string, install: boolean): Promise<BuiltModule> {
  try {
    await Deno.stat(kernelFolder(kernel));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await inGuest(kernel, ["true"]);
  }
  return await buildModule(kernel, folder, install);
}

/** Runs a command in a guest, from the root of the project. */
export async function inGuest(
  kernel: string,
  command: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  // The guest shares its current directory with us and drops all other changes.
  const { code, stdout, stderr } = await new Deno.Command(RUN, {
    args: [kernel, "--", ...command],
    cwd: ROOT,
    env: { KERNEL_MATRIX_TIMEOUT: String(TIMEOUT_S), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Where the kernels lie that were fetched. See `tests/kernels/run`. */
function cacheFolder(): string {
  const { KERNEL_MATRIX_CACHE, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  return KERNEL_MATRIX_CACHE ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/kernel-matrix`;
}

/** Where the files of a kernel lie, when it was fetched: `vmlinuz` and `lib/modules`. */
export function kernelFolder(kernel: string): string {
  return `${cacheFolder()}/kernels/${kernel}`;
}

/** Why a kernel cannot be booted here; null when it can, or when it has to be fetched first and is on offer. */
export async function whyNoKernel(kernel: string): Promise<string | null> {
  if (Deno.build.arch !== "x86_64") return "the guests are x86-64";
  for (const [tool, name] of [["qemu-system-x86_64", "qemu-system-x86"], ["busybox", "busybox-static"]]) {
    try {
      await new Deno.Command(tool, { args: tool === "busybox" ? [] : ["--version"], stdout: "null" }).output();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `${name} is not installed`;
    }
  }
  try {
    await Deno.stat(kernelFolder(kernel));
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const offered = await kernelsOnOffer();
  return offered.includes(kernel) ? null : "it is not on offer: no Debian mirror answers, or it has left them";
}

/** The series that can be fetched, oldest first; none where no mirror is known or answers. */
export async function kernelsOnOffer(): Promise<readonly string[]> {
  const { stdout, success } = await new Deno.Command(RUN, { args: ["--list"], cwd: ROOT, stderr: "inherit" }).output();
  return success ? new TextDecoder().decode(stdout).split("\n").filter((l) => l !== "") : [];
}
