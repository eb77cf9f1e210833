/**
 * Compiles `sampler.c` to the shared objects that ship, one a processor, and writes `manifest.json`: what each was made of
 * and with. `deno task native` does so; `deno task native --check` compares hashes with the manifest, and where the
 * manifest's compiler is installed also compiles and compares bytes.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const SOURCES = ["sampler.c", "../../ring/ring.h"] as const;
/** By the name that Deno has for a processor, what clang adds for it. */
const TARGETS = {
  x86_64: ["--target=x86_64-linux-gnu"],
  // Atomics as instructions of the first aarch64: the others come from a library that is not there.
  aarch64: ["--target=aarch64-linux-gnu", "-mno-outline-atomics"],
} as const;
const FLAGS = [
  "-fuse-ld=lld",
  "-O2",
  "-g0",
  "-std=gnu11",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-fno-builtin",
  "-fno-stack-protector",
  "-fPIC",
  "-fvisibility=hidden",
  "-shared",
  "-nostdlib",
  "-Wl,--build-id=none,-z,noexecstack,-z,now,-s",
] as const;

/** What an object was made of and with. */
interface Manifest {
  /** SHA-256 by file. */
  readonly sources: Readonly<Record<string, string>>;
  readonly objects: Readonly<Record<string, string>>;
  readonly clang: string;
  readonly lld: string;
  readonly flags: string;
}

const flagsText = [...FLAGS, ...Object.values(TARGETS).flat()].join(" ");
const problems = Deno.args.includes("--check") ? await check() : await build();
for (const problem of problems) console.error(problem);
Deno.exit(problems.length > 0 ? 1 : 0);

async function build(): Promise<string[]> {
  const [clang, lld] = [await versionOf("clang"), await versionOf("ld.lld")];
  if (clang === null || lld === null) return ["Compiling takes clang and lld: apt-get install clang lld"];
  const objects: Record<string, string> = {};
  for (const target of targets()) {
    const bytes = await compile(target);
    Deno.writeFileSync(FOLDER + objectName(target), bytes);
    objects[objectName(target)] = await sha256(bytes);
    console.log(`${objectName(target)}: ${bytes.length} bytes`);
  }
  const manifest: Manifest = { sources: await sourceHashes(), objects, clang, lld, flags: flagsText };
  Deno.writeTextFileSync(`${FOLDER}manifest.json`, JSON.stringify(manifest, null, 2) + "\n");
  return [];
}

async function check(): Promise<string[]> {
  const manifest = JSON.parse(Deno.readTextFileSync(`${FOLDER}manifest.json`)) as Manifest;
  if (JSON.stringify(manifest.sources) !== JSON.stringify(await sourceHashes()) || manifest.flags !== flagsText) {
    return ["core/profile/native/sampler.c has changed since its objects were made: run `deno task native`"];
  }
  const [clang, lld] = [await versionOf("clang"), await versionOf("ld.lld")];
  const found: string[] = [];
  for (const target of targets()) {
    const name = objectName(target);
    if (await sha256(Deno.readFileSync(FOLDER + name)) !== manifest.objects[name]) {
      found.push(`${name} is not the object of manifest.json: run \`deno task native\``);
    } else if (clang !== manifest.clang || lld !== manifest.lld) {
      console.log(
        `${name}: hashes agree; not compiled again, for that takes ${manifest.clang} and ${manifest.lld} ` +
          `(here: ${clang ?? "no clang"}, ${lld ?? "no lld"})`,
      );
    } else if (await sha256(await compile(target)) !== manifest.objects[name]) {
      found.push(`sampler.c compiles to another object than ${name}: run \`deno task native\``);
    } else console.log(`${name}: hashes agree, and so does an object compiled now`);
  }
  return found;
}

function targets(): (keyof typeof TARGETS)[] {
  return Object.keys(TARGETS) as (keyof typeof TARGETS)[];
}

function objectName(target: string): string {
  return `sampler-${target}.so`;
}

async function compile(target: keyof typeof TARGETS): Promise<Uint8Array<ArrayBuffer>> {
  const object = Deno.makeTempFileSync({ suffix: ".so" });
  try {
    const args = [...TARGETS[target], ...FLAGS, "-o", object, "sampler.c"];
    const { success } = await new Deno.Command("clang", { args, cwd: FOLDER, stderr: "inherit" }).output();
    if (!success) throw new Error(`clang ${args.join(" ")} failed, see above`);
    return Deno.readFileSync(object);
  } finally {
    Deno.removeSync(object);
  }
}

/** First line of what a program says of its version; null when it is not installed. */
async function versionOf(program: string): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).split("\n")[0].trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function sourceHashes(): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of SOURCES) hashes[file] = await sha256(Deno.readFileSync(FOLDER + file));
  return hashes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
