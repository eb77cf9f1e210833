import {
  type Json,
  type Profile,
  quality,
  type Result,
  type Results,
  resultsToJson,
  UsageError,
} from "../core/data/mod.ts";
import type { ShownForm, TableOptions } from "../core/render/mod.ts";
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
  /** Rows of each table that are shown as text, at most. Default: all. */
  readonly maxRows?: number;
}

/**
 * Shows results as text, as JSON, or in a file.
 *
 * @param envelope what stands around the results in JSON
 * @throws {UnsupportedError} when the file cannot be written; the results are on standard output then
 * @throws {UsageError} when its ending does not suit the results; likewise
 */
export async function showResults(
  results: Results,
  envelope: Readonly<Record<string, Json>>,
  options: ShowOptions,
): Promise<void> {
  const json = (): string =>
    JSON.stringify({ schema: 1, ...envelope, results: resultsToJson(results) }, null, 2) + "\n";
  const text = async (): Promise<string> => {
    const o = { ...renderOptions(options.lang), maxRows: options.maxRows };
    return await renderAll(results, options.forms, o) + "\n";
  };
  if (options.output === undefined) {
    print(options.json ? json() : await text());
    return;
  }
  try {
    writeFile(options.output, await fileContent(results, json, options.output, options.title, options.forms));
    warn(`Wrote ${options.output}`);
  } catch (error) {
    // What was measured must not be lost with the disk, or for an ending that does not suit it.
    print(options.json ? json() : await text());
    throw error;
  }
}

/** Results as text, an empty line between them. */
export async function renderAll(results: Results, forms: ShowOptions["forms"], options: TableOptions): Promise<string> {
  // Not the room's face: that would load the pictures as well.
  const { renderResult } = await import("../core/render/terminal/result.ts");
  const { renderShown } = Object.values(forms ?? {}).some((f) => f !== null)
    ? await import("../core/render/terminal/shown.ts")
    : {};
  return withSharedQuality(Object.entries(results))
    .map(([name, r]) => renderShown?.(name, r, formOf(forms, name), options) ?? renderResult(name, r, options))
    .join("\n\n");
}

/** Results of one measurement have one quality: it stands behind the last of them. */
function withSharedQuality(results: readonly [string, Result][]): [string, Result][] {
  return results.map((
    [name, r],
    i,
  ) => [name, results[i + 1]?.[1].quality === r.quality ? { ...r, quality: quality() } : r]);
}

function formOf(forms: ShowOptions["forms"], name: string): ShownForm {
  return forms && Object.hasOwn(forms, name) ? forms[name] : null;
}

/** What a file of this name holds. @throws {UsageError} when its ending does not suit the results */
export async function fileContent(
  results: Results,
  json: () => string,
  path: string,
  title?: string,
  forms?: ShowOptions["forms"],
): Promise<string | Uint8Array> {
  const all = Object.values(results);
  if (await isProfileFile(path) || path.endsWith(".csv") && all.length === 1 && all[0].kind === "profile") {
    return await profileContent(results, path, title);
  }
  const ending = /\.[a-z]+$/.exec(path)?.[0];
  switch (ending) {
    case ".json":
      return json();
    case ".csv": {
      const { resultToCsv } = await import("../core/render/csv.ts");
      return all.map(resultToCsv).join("\n");
    }
    case ".txt":
      return await renderAll(results, forms, { color: false, width: 160, lang: "en" }) + "\n";
    case ".svg":
      return await picture(results, path, title, forms);
    case ".html": {
      const { name, profile } = firstProfile(results, path);
      const { profileHtml } = await import("../core/render/profile_page/page.ts");
      return profileHtml(profile, { title: title ?? name });
    }
    default:
      throw new UsageError(`"${path}": the ending names no format`, FORMATS);
  }
}

/** @throws {UsageError} when it is a folder, or there is none in which a file could be written */
export function checkFolder(path: string): void {
  try {
    if (Deno.statSync(path).isDirectory) throw new UsageError(`"${path}" is a folder`, "Name a file in it");
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  const at = path.lastIndexOf("/");
  const folder = at < 0 ? "." : path.slice(0, at) || "/";
  try {
    if (Deno.statSync(folder).isDirectory) return;
  } catch (error) {
    // Whatever else is wrong with it shows when it is written.
    if (!(error instanceof Deno.errors.NotFound)) return;
  }
  throw new UsageError(`"${path}": there is no folder "${folder}"`);
}

/** Whether the ending is one of profiles alone; `.json` and `.csv` are for all results. */
async function isProfileFile(path: string): Promise<boolean> {
  const { formatByEnding } = await import("../core/profile/find_format.ts");
  const format = formatByEnding(path);
  return format !== null && (/\.(gz|zst)$/.test(path) || format.name !== "json" && format.name !== "csv");
}

/** The first profile, in the format that the ending names. */
async function profileContent(results: Results, path: string, title: string | undefined): Promise<Uint8Array> {
  const { name, profile } = firstProfile(results, path);
  const { profileFile } = await import("./profile_file.ts");
  return await profileFile(profile, path, { title: title ?? name });
}

/** @throws {UsageError} when there is none */
function firstProfile(results: Results, path: string): { name: string; profile: Profile } {
  const [name] = onlyOne(results, Object.keys(results).filter((n) => results[n].kind === "profile"), path);
  const profile = results[name];
  if (profile?.kind === "profile") return { name, profile };
  throw new UsageError(`"${path}": only a profile can be written so`, "aggregate flame(…) makes one");
}

/** The picture of the first result that has one. */
async function picture(
  results: Results,
  path: string,
  title: string | undefined,
  forms: ShowOptions["forms"],
): Promise<string> {
  const { pictureSvg } = await import("../core/render/picture.ts");
  const drawn = Object.entries(results).flatMap(([name, result]) => {
    const svg = pictureSvg(result, { title: title ?? name, form: formOf(forms, name) });
    return svg === null ? [] : [{ name, svg }];
  });
  if (drawn.length === 0) {
    throw new UsageError(
      `"${path}": none of the results has a picture`,
      "Profiles, series, histograms and heat maps have: aggregate flame(…), series(…) or hist(…); .csv is for tables",
    );
  }
  const [name] = onlyOne(results, drawn.map((d) => d.name), path);
  return drawn.find((d) => d.name === name)!.svg;
}

/** The first of those that suit a format that holds one; says which are left out. */
function onlyOne(results: Results, suited: readonly string[], path: string): readonly string[] {
  const left = Object.keys(results).filter((n) => n !== suited[0]);
  if (suited.length > 0 && left.length > 0) {
    warn(`"${path}" holds one result: it is "${suited[0]}", without ${left.map((n) => `"${n}"`).join(", ")}`);
  }
  return suited;
}

const FORMATS = "There are .json, .csv, .txt, .svg; for profiles .html, .folded and others, see docs/profiles.md";

/**
 * Refuses a file whose ending names no format before anything is measured.
 *
 * @param of what will be written: `tables` have no format that only profiles have
 * @throws {UsageError}
 */
export async function checkOutput(
  path: string | undefined,
  of: "results" | "tables" = "results",
): Promise<void> {
  if (path !== undefined && of === "tables" && !/\.(json|csv|txt)$/.test(path)) {
    throw new UsageError(`"${path}": counts are written as .json, .csv or .txt`);
  }
  if (path !== undefined && !/\.(json|csv|txt|svg|html)$/.test(path) && !await isProfileFile(path)) {
    throw new UsageError(`"${path}": the ending names no format`, FORMATS);
  }
  if (path !== undefined) checkFolder(path);
}
