import { parseArgs } from "node:util";
import { UsageError } from "../../core/data/mod.ts";
import { parseDuration, parseShare } from "../arguments.ts";
import { EXIT, reportError } from "../exit_code.ts";
import { print } from "../output.ts";
import { readParams, recipeHelp, runRecipe } from "../run_recipe.ts";

const HELP = `Options of a recipe:
  --param name=value   set a parameter of the recipe (repeatable)
  --json               print JSON
  -o, --output FILE    write the results to a file (.json, .csv, .txt, .svg, .folded)
  --plugin FILE        add a plugin (repeatable)
  --engine NAME        use this probe engine and no other
  --btf FILE           type information of the kernel, where it has none of itself
  --budget SHARE       what probes may cost, of one CPU: 5%
  --watch DURATION     run it again each such time, and redraw, until Ctrl-C
  --junit FILE         write the outcome of its expectations as JUnit XML
  -h, --help           print this help
`;

/**
 * Runs a recipe's file with the options after its name; tells errors.
 *
 * @returns the exit code
 */
export async function recipeMain(path: string, args: readonly string[]): Promise<number> {
  try {
    return await run(path, args);
  } catch (error) {
    return reportError(error);
  }
}

async function run(path: string, args: readonly string[]): Promise<number> {
  const options = readOptions([...args]);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`);
  }
  if (options.help) {
    const help = await recipeHelp(text, shortened(path), options.plugin);
    print(help === null ? HELP : `${help}\n${HELP}`);
    return help === null ? EXIT.usage : EXIT.ok;
  }
  return await runRecipe(text, {
    file: shortened(path),
    params: readParams(options.param ?? []),
    json: options.json,
    output: options.output,
    plugin: options.plugin,
    engine: options.engine,
    btf: options.btf,
    budget: options.budget === undefined ? undefined : parseShare(options.budget, "--budget"),
    watch: options.watch === undefined ? undefined : parseDuration(options.watch, "--watch"),
    junit: options.junit,
  });
}

function readOptions(args: string[]): {
  param?: string[];
  json?: boolean;
  output?: string;
  plugin?: string[];
  engine?: string;
  btf?: string;
  budget?: string;
  watch?: string;
  junit?: string;
  help?: boolean;
} {
  try {
    return parseArgs({
      args,
      options: {
        param: { type: "string", multiple: true },
        json: { type: "boolean" },
        output: { type: "string", short: "o" },
        plugin: { type: "string", multiple: true },
        engine: { type: "string" },
        btf: { type: "string" },
        budget: { type: "string" },
        watch: { type: "string" },
        junit: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, "--help lists the options");
    throw error;
  }
}

/** A path below the working directory without it. */
function shortened(path: string): string {
  const here = `${Deno.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
}

if (import.meta.main) {
  const [path, ...args] = Deno.args;
  // Listeners and pools must not keep a finished recipe alive.
  Deno.exit(await recipeMain(path, args));
}
