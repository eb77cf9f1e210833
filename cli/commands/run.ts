import { UsageError } from "../../core/data/mod.ts";
import { readParams, runRecipe } from "../run_recipe.ts";

/** Options of `sonde run`. */
export interface RunCommandOptions {
  readonly expression?: string;
  readonly param?: readonly string[];
  readonly json?: boolean;
  readonly output?: string;
  readonly lang?: "en" | "zh";
  readonly plugin: readonly string[];
}

/** Runs a recipe from a file, from standard input (`-`), or the statements of `-e`. */
export async function runCommand(file: string | undefined, options: RunCommandOptions): Promise<number> {
  if (file !== undefined && options.expression !== undefined) {
    throw new UsageError("A file and -e exclude each other");
  }
  const { expression, param, json, output, lang, plugin } = options;
  const text = expression ?? await recipeText(file);
  const name = expression === undefined ? file ?? "-" : "-e";
  return await runRecipe(text, { file: name, params: readParams(param ?? []), json, output, lang, plugin });
}

async function recipeText(file: string | undefined): Promise<string> {
  if (file === undefined) throw new UsageError("No recipe is given", "Name a file, or write -e 'collect …'");
  try {
    return file === "-" ? await new Response(Deno.stdin.readable).text() : Deno.readTextFileSync(file);
  } catch (error) {
    throw new UsageError(
      `Cannot read "${file}": ${(error as Error).message}`,
      "sonde list recipes shows those that ship",
    );
  }
}
