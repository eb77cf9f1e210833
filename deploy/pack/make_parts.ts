import { basename, join } from "node:path";
import type { Parts } from "./archive.ts";
import { shippedFiles, workerSources } from "./shipped_files.ts";

/**
 * Bundles our code with its packages into as few modules as dynamic imports allow, each Worker into one, and reads the
 * files that ship.
 *
 * @param root the project's folder, ending in `/`
 * @param entry main module, path in the project
 * @throws {Error} with the bundler's own message
 */
export async function makeParts(root: string, entry: string): Promise<Parts> {
  const workers = new Map<string, string>();
  for (const name of workerSources(root)) workers.set(name, [...(await bundle(root, name, false)).values()][0]);
  return {
    entry: basename(entry).replace(/\.ts$/, ".js"),
    modules: await bundle(root, entry, true),
    workers,
    files: new Map(shippedFiles(root).map((name) => [name, Deno.readFileSync(root + name)])),
  };
}

/** Texts of the modules by file name. */
async function bundle(root: string, entry: string, split: boolean): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--platform", "deno", "--minify", "--keep-names", "--outdir", folder],
        ...(split ? ["--code-splitting"] : []),
        root + entry,
      ],
      cwd: root,
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) throw new Error(`Cannot bundle ${entry}:\n${new TextDecoder().decode(stderr).trim()}`);
    const modules = new Map<string, string>();
    for (const { name } of Deno.readDirSync(folder)) modules.set(name, Deno.readTextFileSync(join(folder, name)));
    return modules;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
