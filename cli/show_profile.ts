import type { Profile } from "../core/data/mod.ts";
import { linesAsNames } from "../core/profile/lines_as_names.ts";
import { print, warn } from "./output.ts";
import { renderOptions } from "./render_options.ts";
import { checkOutput, showResults } from "./show_results.ts";

/** Where a profile goes. */
export interface ShowProfileOptions {
  readonly json?: boolean;
  /** A file; its ending chooses the format. */
  readonly output?: string;
  /** Heading of a picture. */
  readonly title: string;
  /** Whether pictures and text show each source line by itself. */
  readonly lines?: boolean;
  /** The command that was profiled: standard output is its own, ours goes to standard error. */
  readonly command?: readonly string[];
}

/** Shows a profile as text, as JSON, or in a file. @throws as showResults() does */
export async function showProfile(named: Profile, options: ShowProfileOptions): Promise<void> {
  const profile = options.lines && showsNames(options) ? linesAsNames(named) : named;
  if (options.output !== undefined) return await showResults({ profile }, {}, options);
  const say = options.command ? warn : print;
  if (options.json) {
    if (!options.command) return await showResults({ profile }, {}, options);
    const { resultsToJson } = await import("../core/data/mod.ts");
    return say(JSON.stringify({ schema: 1, command: options.command, results: resultsToJson({ profile }) }));
  }
  const { renderResult } = await import("../core/render/terminal/result.ts");
  say(renderResult("profile", profile, renderOptions()));
}

/** Whether what is written knows frames by their names alone; other formats have places for files and lines. */
function showsNames({ json, output }: ShowProfileOptions): boolean {
  return output === undefined ? !json : NAMES_ONLY.test(output);
}

/** Refuses a file whose ending names no format before anything is measured. @throws {UsageError} */
export async function checkProfileOutput(path: string | undefined): Promise<void> {
  await checkOutput(path);
}

/** Whether a file of this name shows when samples were taken. */
export function showsTime(path: string | undefined): boolean {
  return path !== undefined && TIMED.test(path);
}

/** Pictures, text and folded stacks. */
const NAMES_ONLY = /\.(html|svg|txt|folded|collapsed|stackcollapse)(\.(gz|zst))?$/;
/** Pages and traces. */
const TIMED = /\.(html|firefox\.json|trace\.json)(\.(gz|zst))?$/;
