import { UsageError } from "../../core/data/mod.ts";
import { flameSvg } from "../../core/render/mod.ts";
import { parseFolded } from "../../core/profile/mod.ts";
import { print, warn, writeFile } from "../output.ts";

/** Folded stacks in, an interactive SVG out. */
export async function flamegraph(
  file: string | undefined,
  options: { output?: string; title: string },
): Promise<number> {
  if (options.output !== undefined && !options.output.endsWith(".svg")) {
    throw new UsageError(`"${options.output}": a flame graph is written as .svg`);
  }
  const text = file === undefined || file === "-" ? await readStdin() : readText(file);
  let profile;
  try {
    profile = parseFolded(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${file ?? "standard input"}: ${error.message}`, FORMAT);
    throw error;
  }
  if (profile.stacks.length === 0) throw new UsageError(`${file ?? "standard input"} holds no stacks`, FORMAT);
  if (profile.stacks.some((stack) => stack.values[0] < 0)) {
    throw new UsageError(`${file ?? "standard input"} holds counts below 0: no flame has such a width`, FORMAT);
  }
  const svg = flameSvg(profile, { title: options.title });
  if (options.output === undefined) print(svg);
  else {
    try {
      writeFile(options.output, svg);
    } catch (error) {
      print(svg);
      throw error;
    }
    warn(`Wrote ${options.output}`);
  }
  return 0;
}

const FORMAT = "Each line is a stack, root first, and a count: main;work;hot 42";

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new UsageError(`Cannot read "${file}": ${(error as Error).message}`);
  }
}

async function readStdin(): Promise<string> {
  if (Deno.stdin.isTerminal()) throw new UsageError("No file is given, and standard input is a terminal", FORMAT);
  return await new Response(Deno.stdin.readable).text();
}
