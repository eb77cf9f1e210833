import { UsageError } from "../../core/data/mod.ts";
import { check as checkText, diagnosticText } from "../../dsl/mod.ts";
import { EXIT } from "../exit_code.ts";
import { includedTexts, includesFor } from "../include_files.ts";
import { openSession } from "../session.ts";
import { print, warn } from "../output.ts";
import { recipeRegistry } from "../recipe_registry.ts";

/** Checks recipes without running them. Diagnostics read `file:line:column: message`. */
export async function check(files: readonly string[], options: { json?: boolean; plugin: string[] }): Promise<number> {
  const session = await openSession(options.plugin);
  const all = [];
  let errors = 0;
  for (const file of files) {
    let text: string;
    try {
      text = Deno.readTextFileSync(file);
    } catch (error) {
      throw new UsageError(`Cannot read "${file}": ${(error as Error).message}`);
    }
    const registry = await recipeRegistry(session, includedTexts(text, file).join("\n"));
    const diagnostics = await checkText(text, registry, includesFor(file));
    errors += diagnostics.filter((d) => d.severity === "error").length;
    all.push({ file, diagnostics });
    if (!options.json) { for (const d of diagnostics) print(diagnosticText(d, file) + "\n"); }
  }
  if (options.json) print(JSON.stringify({ schema: 1, files: all }, null, 2) + "\n");
  else if (errors === 0) warn(`${files.length === 1 ? files[0] : `${files.length} files`}: no errors`);
  return errors > 0 ? EXIT.usage : EXIT.ok;
}
