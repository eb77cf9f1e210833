import { type Json, type Results, resultsToJson, UsageError } from "../core/data/mod.ts";
import type { ShownForm } from "../core/render/shown_form.ts";
import { print, warn, writeFile } from "./output.ts";
import { renderOptions } from "./render_options.ts";

/** Where results go. */
export interface ShowOptions {
  readonly json?: boolean;
  /** A file; its ending chooses the format. */
  readonly output?: string;
  readonly lang?: "en" | "zh";
  /** Heading of a picture; the result's name by default. */
  readonly title?: string;
  /** Forms of results by name, where they are not what suits their kind. */
  readonly forms?: Readonly<Record<string, ShownForm>>;
}

/**
 * Shows results as text, as JSON, or in a file.
 *
 * @param envelope what stands around the results in JSON
 * @throws {UnsupportedError} when the file cannot be written; the results are on standard output then
 */
export async function showResults(
  results: Results,
  envelope: Readonly<Record<string, Json>>,
  options: ShowOptions,
): Promise<void> {
  const json = (): string =>
    JSON.stringify({ schema: 1, ...envelope, results: resultsToJson(results) }, null, 2) + "\n";
  const text = async (): Promise<string> => {
    // Not the room's face: that would load the pictures as well.
    const { renderResult } = await import("../core/render/terminal/result.ts");
    const o = renderOptions(options.lang);
    return Object.entries(results).map(([name, r]) => renderResult(name, r, o) + "\n").join("\n");
  };
  if (options.output === undefined) {
    print(options.json ? json() : await text());
    return;
  }
  const content = await fileContent(results, json, options.output, options.title);
  try {
    writeFile(options.output, content);
    warn(`Wrote ${options.output}`);
  } catch (error) {
    // What was measured must not be lost with the disk.
    print(options.json ? json() : await text());
    throw error;
  }
}

/** What a file of this name holds. @throws {UsageError} when its ending does not suit the results */
export async function fileContent(
  results: Results,
  json: () => string,
  path: string,
  title?: string,
): Promise<string> {
  const all = Object.values(results);
  const ending = /\.[a-z]+$/.exec(path)?.[0];
  switch (ending) {
    case ".json":
      return json();
    case ".csv": {
      const { resultToCsv } = await import("../core/render/csv.ts");
      return all.map(resultToCsv).join("\n");
    }
    case ".txt": {
      const { renderResult } = await import("../core/render/terminal/result.ts");
      return Object.entries(results).map(([n, r]) => renderResult(n, r, { color: false, width: 160, lang: "en" })).join(
        "\n",
      );
    }
    case ".svg":
    case ".folded": {
      const profile = all.find((r) => r.kind === "profile");
      if (!profile) throw new UsageError(`"${path}": only a profile can be written as ${ending}`);
      if (ending === ".svg") {
        return (await import("../core/render/mod.ts")).flameSvg(profile, {
          title: title ?? Object.keys(results)[all.indexOf(profile)],
        });
      }
      return (await import("../core/profile/mod.ts")).folded(profile);
    }
    default:
      throw new UsageError(`"${path}": the ending names no format`, "There are .json, .csv, .txt, .svg, .folded");
  }
}

/**
 * Refuses a file whose ending names no format before anything is measured.
 *
 * @throws {UsageError}
 */
export function checkOutput(path: string | undefined): void {
  if (path !== undefined && !/\.(json|csv|txt|svg|folded)$/.test(path)) {
    throw new UsageError(`"${path}": the ending names no format`, "There are .json, .csv, .txt, .svg, .folded");
  }
}
