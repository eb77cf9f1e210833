import { UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { print } from "../output.ts";
import { readParams, recipeHelp, runRecipe } from "../run_recipe.ts";

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
  /** Nanoseconds. */
  readonly watch?: number;
  readonly junit?: string;
}

/** Runs a recipe from a file, from standard input (`-`), or the statements of `-e`. */
export async function runCommand(file: string | undefined, options: RunCommandOptions): Promise<number> {
  const { expression, param, ...others } = options;
  const { text, name } = await recipeOf(file, expression);
  return await runRecipe(text, { ...others, file: name, params: readParams(param ?? []) });
}

/**
 * Prints what a recipe is for and which parameters it has, if one is given, and the options of the command.
 *
 * @param usage the command's own help
 */
export async function runHelp(
  file: string | undefined,
  options: RunCommandOptions,
  usage: string,
): Promise<number> {
  if (file === undefined && options.expression === undefined) {
    print(usage);
    return EXIT.ok;
  }
  const { text, name } = await recipeOf(file, options.expression);
  const help = await recipeHelp(text, name, options.plugin);
  print(help === null ? usage : `${help}\n${usage}`);
  return help === null ? EXIT.usage : EXIT.ok;
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
