/**
 * Makes `dist/sonde`, one executable that needs nothing beside it. `deno task compile [OUTPUT [ENTRY]]`.
 *
 * With `deno compile` where the runtime that this needs can be had (from the network, or a file named by DENORT_BIN);
 * else our own packing into a copy of the `deno` that runs this.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBundle } from "./pack/make_bundle.ts";
import { packElf } from "./pack/pack_elf.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [output = `${root}dist/sonde`, entry = "cli/main.ts"] = Deno.args;
const say = (text: string): void => console.error(`compile: ${text}`);

const bundle = await makeBundle(root, entry);
say(`${entry} and all that ships, bundled: ${(bundle.length / 1e6).toFixed(1)} MB`);
await Deno.mkdir(dirname(output), { recursive: true });

const refused = await denoCompile(bundle, output);
if (refused === null) {
  say(`${output}, made by deno compile`);
} else {
  say(`deno compile cannot have its runtime here: ${refused}`);
  say("packing into a copy of deno instead (set DENORT_BIN to a denort of the same version to use deno compile)");
  const packed = packElf(await Deno.readFile(Deno.execPath()), new TextEncoder().encode(bundle));
  // Written beside and moved: a running dist/sonde can be replaced, and a full disk leaves the old one.
  const part = `${output}.part`;
  await Deno.writeFile(part, packed, { mode: 0o755 });
  await Deno.rename(part, output);
  say(`${output}, ${(packed.length / 1e6).toFixed(0)} MB, packed`);
}

/** Tries `deno compile`. @returns null when it worked, else one line of why not */
async function denoCompile(source: string, target: string): Promise<string | null> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, source);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["compile", "-A", "--no-prompt", "--quiet", "--no-check", "--no-config", "--no-lock", "-o", target, file],
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).output();
    if (success) return null;
    const lines = new TextDecoder().decode(stderr).split("\n").map((line) => line.trim());
    return (lines.find((line) => /denort|request/.test(line)) ?? lines[0]).replace(/^\d+: /, "");
  } finally {
    await Deno.remove(file);
  }
}
