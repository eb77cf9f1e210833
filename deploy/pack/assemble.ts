/**
 * Assembles the stubs of the packed executable with clang into `stubs.json`, so that packing needs no compiler. With
 * `--check` it only compares.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const OUTPUT = `${FOLDER}stubs.json`;

const run = (command: string, ...args: string[]): void => {
  const { success, stderr } = new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).outputSync();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
};

/** Machine code of one stub. */
function assemble(source: string, target: string): Uint8Array<ArrayBuffer> {
  const folder = Deno.makeTempDirSync();
  try {
    run("clang", `--target=${target}`, "-c", "-o", `${folder}/stub.o`, FOLDER + source);
    run("llvm-objcopy", "-O", "binary", "--only-section=.text", `${folder}/stub.o`, `${folder}/stub.bin`);
    return Deno.readFileSync(`${folder}/stub.bin`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The content of `stubs.json`. */
export function stubsJson(): string {
  const stubs = {
    made_by: "deno run -A deploy/pack/assemble.ts (clang, llvm-objcopy) from stub_x64.S, stub_arm64.S, stub_data.inc",
    x86_64: assemble("stub_x64.S", "x86_64-linux-gnu").toBase64(),
    aarch64: assemble("stub_arm64.S", "aarch64-linux-gnu").toBase64(),
  };
  return JSON.stringify(stubs, null, 2) + "\n";
}

if (import.meta.main) {
  const text = stubsJson();
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(OUTPUT, text);
  else if (Deno.readTextFileSync(OUTPUT) !== text) {
    console.error("deploy/pack/stubs.json is out of date: run deno run -A deploy/pack/assemble.ts");
    Deno.exit(1);
  }
}
