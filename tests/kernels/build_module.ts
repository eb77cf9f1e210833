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
 */
export async function buildModule(kernel: string, folder: string): Promise<BuiltModule> {
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
  const built = ours >= wanted
    ? await buildHere(headers, source, build)
    : await buildInChroot(headers, source, build, `gcc-${wanted}`);
  const path = `${build}/sonde_test.ko`;
  return built.success && exists(path) ? { path } : { missing: `the module does not build: ${lastLine(built.errors)}` };
}

/** The headers name each other by absolute paths, under which they lie in a mount namespace only, or in a copy. */
async function buildHere(headers: string, source: string, build: string): Promise<Outcome> {
  const tree = `${build}/tree`;
  await run("cp", ["-r", "--reflink=auto", headers, tree]);
  for (const name of ["Makefile", ".kernelvariables"]) {
    const file = `${tree}/usr/src/${source}/${name}`;
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replaceAll("/usr/src", `${tree}/usr/src`));
  }
  const made = await run("make", ["-C", `${tree}/usr/src/${source}`, `M=${build}`, "CC=gcc", "HOSTCC=gcc", "modules"]);
  await Deno.remove(tree, { recursive: true });
  return made;
}

async function buildInChroot(headers: string, source: string, build: string, gcc: string): Promise<Outcome> {
  const cache = `${headers}/../../${SUITE}-${gcc}`;
  // Built under another name: a folder with the right one is complete. Mounts are in a namespace of their own.
  const script = `set -e
    if ! test -d "$0"; then
      rm -rf "$0.new"
      debootstrap --variant=minbase --include=${gcc},make,libelf1t64,libc6-dev ${SUITE} "$0.new" >&2
      mv "$0.new" "$0"
    fi
    mkdir -p "$0/build" "$0/usr/lib/modules"
    mount --bind "$1/usr/src" "$0/usr/src"
    # The links in the headers lead to ../../lib: what lies there is one folder, of the kernel's own tools.
    for tools in "$1"/usr/lib/linux-kbuild-*; do
      mkdir -p "$0/usr/lib/\${tools##*/}"
      mount --bind "$tools" "$0/usr/lib/\${tools##*/}"
    done
    mount --bind "$3" "$0/build"
    exec chroot "$0" make -C "/usr/src/$2" M=/build CC=${gcc} HOSTCC=${gcc} modules`;
  if (Deno.uid() !== 0) return failed("another Debian's compiler is needed, and that takes root");
  const args = [`${cache}.lock`, "unshare", "-m", "--propagation", "private", "sh", "-c", script];
  return await run("flock", [...args, cache, headers, source, build]);
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
