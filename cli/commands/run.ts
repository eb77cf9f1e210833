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
  readonly engine?: string;
  readonly btf?: string;
  /** A ratio of one CPU. */
  readonly budget?: number;
}

/** Runs a recipe from a file, from standard input (`-`), or the statements of `-e`. */
export async function runCommand(file: string | undefined, options: RunCommandOptions): Promise<number> {
  const { expression, param, ...others } = options;
  const { text, name } = await recipeOf(file, expression);
  return await runRecipe(text, { ...others, file: name, params: readParams(param ?? []) });
}

/**
 * The text of a recipe and what it is called in messages.
 *
 * @throws {UsageError} when both are given, or neither, or the file cannot be read
 */
export async function recipeOf(
  file: string | undefined,
  expression: string | undefined,
): Promise<{ readonly text: string; readonly name: string }> {
  if (file !== undefined && expression !== undefined) throw new UsageError("A file and -e exclude each other");
  return expression === undefined
    ? { text: await recipeText(file), name: file ?? "-" }
    : { text: expression, name: "-e" };
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
