/**
 * Makes `dist/sonde`, one executable that needs nothing beside it. `deno task compile [OUTPUT [ENTRY]]`.
 *
 * With `deno compile` where the runtime that this needs can be had (from the network, or a file named by DENORT_BIN);
 * else our own packing into a copy of the `deno` that runs this. Both hold the same loader and archive.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Archive, makeArchive } from "./pack/archive.ts";
import { makeParts } from "./pack/make_parts.ts";
import { packElf } from "./pack/pack_elf.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [output = `${root}dist/sonde`, entry = "cli/main.ts"] = Deno.args;
const say = (text: string): void => console.error(`compile: ${text}`);

const parts = await makeParts(root, entry).catch((error) => {
  say(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
});
const archive = makeArchive(parts);
const { modules, workers, files } = parts;
say(
  `${entry}: ${modules.size} modules, ${workers.size} Workers, ${files.size} files, ` +
    `${(archive.bytes.length / 1e6).toFixed(1)} MB in all`,
);
await Deno.mkdir(dirname(output), { recursive: true });

const refused = await denoCompile(archive, output);
if (refused === null) {
  say(`${output}, made by deno compile`);
} else {
  say(`deno compile cannot have its runtime here: ${refused}`);
  say("packing into a copy of deno instead (set DENORT_BIN to a denort of the same version to use deno compile)");
  const deno = await Deno.readFile(Deno.execPath());
  const loader = new TextEncoder().encode(archive.loader('"/proc/self/exe"', deno.length));
  const packed = packElf(deno, loader, archive.bytes);
  // Written beside and moved: a running dist/sonde can be replaced, and a full disk leaves the old one.
  const part = `${output}.part`;
  await Deno.writeFile(part, packed, { mode: 0o755 });
  await Deno.rename(part, output);
  say(`${output}, ${(packed.length / 1e6).toFixed(0)} MB, packed`);
}

/** Tries `deno compile`. @returns null when it worked, else one line of why not */
async function denoCompile({ bytes, loader }: Archive, target: string): Promise<string | null> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(join(folder, "archive.bin"), bytes);
    await Deno.writeTextFile(join(folder, "sonde.js"), loader('new URL("archive.bin",import.meta.url)', 0));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["compile", "-A", "--no-prompt", "--quiet", "--no-check", "--no-config", "--no-lock"],
        ...["--include", join(folder, "archive.bin"), "-o", target, join(folder, "sonde.js")],
      ],
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).output();
    if (success) return null;
    const lines = new TextDecoder().decode(stderr).split("\n").map((line) => line.trim());
    return (lines.find((line) => /denort|request/.test(line)) ?? lines[0]).replace(/^\d+: /, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
