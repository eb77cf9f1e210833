import type { RunCommandOptions } from "./commands/run.ts";

/** A recipe and its options. */
export interface QuickRun {
  readonly file: string | undefined;
  readonly options: RunCommandOptions;
}

/** Options of `run` with a value, by what they are called there. */
const VALUES: Readonly<Record<string, "expression" | "output" | "param">> = {
  "-e": "expression",
  "--expression": "expression",
  "-o": "output",
  "--output": "output",
  "--param": "param",
};

/**
 * Reads the plainest forms of `sonde run`. The parser of all commands costs a third of a warm start, most of it Deno's
 * layer for Node that it loads.
 *
 * @param args all arguments of the process
 * @returns null for everything else: whatever is doubtful is left to the parser that explains it
 */
export function quickRun(args: readonly string[]): QuickRun | null {
  if (args[0] !== "run") return null;
  const single: { expression?: string; output?: string } = {};
  const param: string[] = [];
  let file: string | undefined;
  let json = false;
  for (let i = 1; i < args.length; i++) {
    const arg = args[i];
    const name = Object.hasOwn(VALUES, arg) ? VALUES[arg] : null;
    if (name) {
      const value = args[++i];
      if (value === undefined || name !== "param" && single[name] !== undefined) return null;
      if (name === "param") param.push(value);
      else single[name] = value;
    } else if (arg === "--json") json = true;
    else if (arg.startsWith("-") && arg !== "-" || file !== undefined) return null;
    else file = arg;
  }
  return { file, options: { ...single, param, json: json || undefined, plugin: [] } };
}
