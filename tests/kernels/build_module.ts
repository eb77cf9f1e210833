import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The Debian whose compiler built the kernels that ours is too old for. */
const SUITE = "trixie";

/** A module for one kernel, or why there is none. */
export type BuiltModule = { readonly path: string } | { readonly missing: string };

/**
 * Builds tests/kernels/module against Debian's headers of a kernel of the cache: with our own compiler where that is as
 * new as the kernel's, else with the one of a newer Debian in a folder (needs root and debootstrap, once).
 *
 * @param kernel as `tests/kernels/run` takes it; fetched before
 * @param folder where the module goes
 * @param install makes that folder with the newer Debian where there is none yet (400 MB)
 */
export async function buildModule(kernel: string, folder: string, install: boolean): Promise<BuiltModule> {
  const fetched = await run(`${HERE}run`, ["--headers", kernel]);
  if (!fetched.success) return { missing: `no headers: ${lastLine(fetched.errors)}` };
  const headers = fetched.output.trim();
  const [source] = [...Deno.readDirSync(`${headers}/usr/src`)].map((f) => f.name).filter((n) => n.endsWith("-amd64"));
  const config = await Deno.readTextFile(`${headers}/usr/src/${source}/.config`);
  const wanted = Math.floor(Number(config.match(/^CONFIG_GCC_VERSION=(\d+)/m)?.[1] ?? 0) / 10_000);
  const ours = Number((await run("gcc", ["-dumpversion"])).output.trim());
  // A module that was built before is built anew: its source may have changed.
  const build = `${folder}/module-${kernel}`;
  await Deno.mkdir(build, { recursive: true });
  for (const file of Deno.readDirSync(`${HERE}module`)) {
    await Deno.copyFile(`${HERE}module/${file.name}`, `${build}/${file.name}`);
  }
  const make = (compiler: string): string[] => [
    ...["make", "-C", `${headers}/usr/src/${source}`, `M=${build}`],
    ...[`CC=${compiler}`, `HOSTCC=${compiler}`, "modules"],
  ];
  const built = ours >= wanted
    ? await run("env", make("gcc"))
    : await inChroot(headers, build, `gcc-${wanted}`, make(`gcc-${wanted}`), install);
  const path = `${build}/sonde_test.ko`;
  return built.success && exists(path)
    ? { path }
    : { missing: `the module does not build: ${firstError(built.errors)}` };
}

/** Runs a command in a newer Debian in a folder, in which headers and module have the paths that they have here. */
async function inChroot(
  headers: string,
  build: string,
  gcc: string,
  command: readonly string[],
  install: boolean,
): Promise<Outcome> {
  if (Deno.uid() !== 0) return failed("another Debian's compiler is needed, and that takes root");
  const root = `${headers}/../../${SUITE}-${gcc}`;
  if (!install && !exists(root)) return failed(`it takes ${gcc}, which "deno task test:kernels" installs in a folder`);
  // Built under another name: a folder with the right one is complete. Mounts are in a namespace of their own.
  const script = `set -e
    if ! test -d "$0"; then
      rm -rf "$0.new"
      debootstrap --variant=minbase --include=${gcc},make,libelf1t64,libc6-dev,pahole ${SUITE} "$0.new" >&2
      mv "$0.new" "$0"
    fi
    for folder in "$1" "$2"; do
      mkdir -p "$0$folder"
      mount --bind "$folder" "$0$folder"
    done
    mount -t proc proc "$0/proc"
    shift 2
    exec chroot "$0" "$@"`;
  const enter = [`${root}.lock`, "unshare", "-m", "--propagation", "private", "sh", "-c", script];
  return await run("flock", [...enter, root, headers, build, ...command]);
}

interface Outcome {
  readonly success: boolean;
  readonly output: string;
  readonly errors: string;
}

function failed(errors: string): Outcome {
  return { success: false, output: "", errors };
}

async function run(command: string, args: readonly string[]): Promise<Outcome> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: "null" }).output();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return failed(`${command} is not installed`);
    throw error;
  }
}

/** The compiler's first complaint, else the last line. */
function firstError(text: string): string {
  return text.split("\n").find((line) => /error:|not found|No such file/.test(line))?.trim() ?? lastLine(text);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "it printed nothing";
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
