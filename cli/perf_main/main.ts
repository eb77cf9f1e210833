/**
 * What a recipe's module is when Deno runs it: `deno run -A recipes/x.perf` on plain text inside the project (deno.json
 * maps `./recipes/` here), or anywhere on a recipe whose header imports this file. The recipe is the main module, whose
 * text is read and run.
 *
 * Nothing is imported before it is known that packages resolve: Deno takes its configuration from where the recipe
 * lies, so that outside of the project this process becomes a Deno that is told where ours is.
 *
 * @module
 */
const url = new URL(Deno.mainModule);
if (url.protocol !== "file:") throw new TypeError(`A recipe is run from a file, not from ${url.href}`);
const recipe = pathOf(url);
if (!inProject()) await becomeProject(recipe, Deno.args);
const { recipeMain } = await import("./recipe_main.ts");
// Listeners and pools must not keep a finished recipe alive.
Deno.exit(await recipeMain(recipe, Deno.args));

/** Whether the configuration in force is ours: it alone maps `sonde/run` to this file. */
function inProject(): boolean {
  try {
    return import.meta.resolve("sonde/run") === import.meta.url;
  } catch (error) {
    // It resolves to nothing: another configuration, or none.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Starts Deno again, in this process and with the project's configuration. Does not return. */
async function becomeProject(file: string, args: readonly string[]): Promise<void> {
  const { exec } = await import("../../core/sys/exec.ts");
  const here = (path: string): string => pathOf(new URL(path, import.meta.url));
  const run = ["run", "-A", "--config", here("../../deno.json"), here("./recipe_main.ts"), file, ...args];
  exec(Deno.execPath(), [Deno.execPath(), ...run], Deno.env.toObject());
}

/** As `fileURLToPath` of node:url, whose import would cost more than the rest of this file. */
function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}
