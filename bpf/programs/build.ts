/**
 * Compiles `*.bpf.c` to the objects that ship, and writes `manifest.json`: what each was made of and with. `deno task bpf`
 * does so; `deno task bpf --check` compares hashes with the manifest, and where the manifest's compiler is installed also
 * compiles and compares bytes.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
// Version 2 of the instruction set is known to every kernel that we support. The prefix map keeps the folder's path, which
// line information would carry, out of the object.
const FLAGS = [
  "-target",
  "bpf",
  "-mcpu=v2",
  "-O2",
  "-g",
  "-Wall",
  "-Werror",
  `-ffile-prefix-map=${FOLDER.slice(0, -1)}=.`,
] as const;
/** As it stands in the manifest: without this machine's path. */
const FLAGS_TEXT = FLAGS.map((flag) => flag.replace(FOLDER.slice(0, -1), "FOLDER")).join(" ");
const LIBBPF_HEADER = "/usr/include/bpf/libbpf_version.h";

/** What an object was made of and with. */
interface Entry {
  /** SHA-256 by file: the source and the headers beside it. */
  readonly sources: Readonly<Record<string, string>>;
  readonly object: string;
  readonly clang: string;
  /** Version of libbpf's headers. */
  readonly libbpf: string;
  readonly flags: string;
}
type Manifest = Record<string, Entry>;

const manifestPath = `${FOLDER}manifest.json`;
const names = Array.from(Deno.readDirSync(FOLDER), (e) => e.name).filter((n) => n.endsWith(".bpf.c")).sort();
const problems = Deno.args.includes("--check") ? await check() : await build();
for (const problem of problems) console.error(problem);
Deno.exit(problems.length > 0 ? 1 : 0);

async function build(): Promise<string[]> {
  const clang = await clangVersion();
  const libbpf = libbpfHeaders();
  if (clang === null || libbpf === null) {
    return ["Compiling takes clang, llvm and libbpf's headers: apt-get install clang llvm libbpf-dev"];
  }
  const manifest: Manifest = {};
  for (const source of names) {
    const name = source.slice(0, -".bpf.c".length);
    const bytes = await compile(source);
    Deno.writeFileSync(`${FOLDER}${name}.bpf.o`, bytes);
    manifest[name] = {
      sources: await sourcesOf(source),
      object: await sha256(bytes),
      clang,
      libbpf,
      flags: FLAGS_TEXT,
    };
    console.log(`${name}.bpf.o: ${bytes.length} bytes`);
  }
  Deno.writeTextFileSync(manifestPath, JSON.stringify(manifest, null, 2) + "\n");
  return [];
}

async function check(): Promise<string[]> {
  const manifest = JSON.parse(Deno.readTextFileSync(manifestPath)) as Manifest;
  const [clang, libbpf] = [await clangVersion(), libbpfHeaders()];
  const found: string[] = [];
  const stale = new Set(Object.keys(manifest));
  for (const source of names) {
    const name = source.slice(0, -".bpf.c".length);
    stale.delete(name);
    const entry = manifest[name];
    if (!entry) {
      found.push(`${source} is not in manifest.json: run \`deno task bpf\``);
      continue;
    }
    if (JSON.stringify(await sourcesOf(source)) !== JSON.stringify(entry.sources) || entry.flags !== FLAGS_TEXT) {
      found.push(`${source} has changed since its object was made: run \`deno task bpf\``);
      continue;
    }
    const object = Deno.readFileSync(`${FOLDER}${name}.bpf.o`);
    if (await sha256(object) !== entry.object) {
      found.push(`${name}.bpf.o is not the object of manifest.json: run \`deno task bpf\``);
    } else if (clang !== entry.clang || libbpf !== entry.libbpf) {
      console.log(
        `${name}.bpf.o: hashes agree; not compiled again, for that takes ${entry.clang} and headers of libbpf ` +
          `${entry.libbpf} (here: ${clang ?? "no clang"}, ${libbpf ?? "no headers"})`,
      );
    } else if (await sha256(await compile(source)) !== entry.object) {
      found.push(`${source} compiles to another object than ${name}.bpf.o: run \`deno task bpf\``);
    } else {
      console.log(`${name}.bpf.o: hashes agree, and so does an object compiled now`);
    }
  }
  for (const name of stale) found.push(`manifest.json has "${name}", which has no source: run \`deno task bpf\``);
  return found;
}

async function compile(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const object = Deno.makeTempFileSync({ suffix: ".o" });
  try {
    await run("clang", [...FLAGS, "-c", source, "-o", object]);
    // Takes debugging information away, and leaves the type information (.BTF) that libbpf reads.
    await run("llvm-strip", ["-g", object]);
    return Deno.readFileSync(object);
  } finally {
    Deno.removeSync(object);
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args: [...args], cwd: FOLDER, stderr: "inherit" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed, see above`);
}

/** First line of `clang --version`; null when it, or llvm-strip, is not installed. */
async function clangVersion(): Promise<string | null> {
  try {
    await new Deno.Command("llvm-strip", { args: ["--version"], stdout: "null" }).output();
    const { stdout } = await new Deno.Command("clang", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).split("\n")[0].trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function libbpfHeaders(): string | null {
  try {
    const text = Deno.readTextFileSync(LIBBPF_HEADER);
    return ["MAJOR", "MINOR"].map((part) => new RegExp(`LIBBPF_${part}_VERSION (\\d+)`).exec(text)![1]).join(".");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function sourcesOf(source: string): Promise<Record<string, string>> {
  const included = Deno.readTextFileSync(FOLDER + source).matchAll(/^#include "([^"]+)"/gm);
  const files = [source, ...Array.from(included, ([, file]) => file)];
  const hashes: Record<string, string> = {};
  for (const file of files) hashes[file] = await sha256(Deno.readFileSync(FOLDER + file));
  return hashes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
