import { packFiles, workerSources } from "./shipped_files.ts";

/**
 * Everything that ships in one JavaScript file: our code, its packages, and a table of files and Workers for
 * core/assets.
 *
 * @param root the project's folder, ending in `/`
 * @param entry main module, path in the project
 * @throws {Error} with the bundler's own message
 */
export async function makeBundle(root: string, entry: string): Promise<string> {
  const main = await bundleModule(root, entry);
  const workers: Record<string, string> = {};
  for (const name of workerSources(root)) workers[name] = await bundleModule(root, name);
  // Parsed at the first look and not before: most commands need no file at all.
  const table = JSON.stringify(JSON.stringify({ files: packFiles(root), workers }));
  const prelude =
    `{let t;Object.defineProperty(globalThis,Symbol.for("sonde.assets"),{get:()=>t??=JSON.parse(${table})})}`;
  return `${prelude}\n${main}`;
}

/** One module with all it imports, dynamic imports included. */
async function bundleModule(root: string, entry: string): Promise<string> {
  const output = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "deno", "--minify", "--keep-names", "-o", output, root + entry],
      cwd: root,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`Cannot bundle ${entry}: ${new TextDecoder().decode(stderr).trim()}`);
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(output);
  }
}
