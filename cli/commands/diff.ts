import { type Profile, resultsToJson, UsageError } from "../../core/data/mod.ts";
import { type CompareBy, compareProfiles, type Comparison } from "../../core/render/diff/comparison.ts";
import { changesTable, functionChanges } from "../../core/render/diff/profile_diff.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn, writeFile } from "../output.ts";
import { terminalProgress } from "../progress.ts";
import { readProfile } from "../read_profile.ts";
import { renderOptions } from "../render_options.ts";

/** Options of `sonde diff`. */
export interface DiffOptions {
  /** Its ending chooses: `.svg`, `.html`, `.json`, `.csv`, `.txt`. */
  readonly output?: string;
  readonly json?: boolean;
  /** What makes the two alike; true is by shares. Default: what the profiles allow. */
  readonly normalize?: boolean | "share" | "time" | "none";
  readonly width?: "after" | "before" | "both";
  readonly icicle?: boolean;
  /** Name of a sample type that both have. */
  readonly sampleType?: string;
  readonly title?: string;
  /** Rows of the table. */
  readonly limit?: number;
}

/** Two profiles, function by function: what grew, what shrank, and whether it could be chance. */
export async function diffCommand(before: string, after: string, options: DiffOptions): Promise<number> {
  const { output } = options;
  if (output !== undefined && !/\.(svg|html|json|csv|txt)$/.test(output)) {
    throw new UsageError(`"${output}": a comparison is written as .svg, .html, .json, .csv or .txt`);
  }
  if (before === "-" && after === "-") throw new UsageError("Standard input can be read once");
  const read = (path: string): Promise<Profile> => readProfile(path, { progress: terminalProgress() });
  const profiles = alike(await read(before), await read(after));
  const comparison = choose(profiles, options);
  const title = options.title ?? `${baseName(before)} → ${baseName(after)}`;
  const text = await content(profiles, comparison, title, output ?? (options.json ? ".json" : ""), options);
  if (output === undefined) print(text);
  else {
    writeFile(output, text);
    warn(`Wrote ${output}`);
  }
  return EXIT.ok;
}

/**
 * The two with what both know: functions are told apart by the file of their code too, and a format that does not keep
 * that (folded stacks) would make each function of the other look as if it had gone and another had come.
 */
function alike(before: Profile, after: Profile): readonly [Profile, Profile] {
  const knows = ({ frames }: Profile): boolean => frames.some((f) => f.module !== "");
  if (knows(before) === knows(after)) return [before, after];
  warn("One of the profiles does not say which files its functions are of: functions are compared by name alone.");
  const without = (p: Profile): Profile => ({ ...p, frames: p.frames.map((f) => ({ ...f, module: "" })) });
  return [without(before), without(after)];
}

function choose([before, after]: readonly [Profile, Profile], options: DiffOptions): Comparison {
  const { normalize } = options;
  const by: CompareBy | undefined = normalize === undefined
    ? undefined
    : normalize === "none"
    ? "count"
    : normalize === "time"
    ? "time"
    : "share";
  const names = (p: Profile): string => p.sampleTypes.map((t) => t.name).join(", ");
  const common = after.sampleTypes.filter((t) =>
    before.sampleTypes.some((o) => o.name === t.name && o.unit === t.unit)
  );
  const index = options.sampleType === undefined ? undefined : common.findIndex((t) => t.name === options.sampleType);
  if (common.length === 0 || index === -1) {
    throw new UsageError(
      index === -1
        ? `They have no sample type "${options.sampleType}" in common`
        : "The profiles count different things",
      `One counts ${names(before) || "nothing"}, the other ${names(after) || "nothing"}`,
    );
  }
  const comparison = compareProfiles(before, after, by, index);
  if (comparison === null) {
    throw new UsageError("The profiles do not tell how long they measured", "--normalize share needs no times");
  }
  return comparison;
}

async function content(
  profiles: readonly [Profile, Profile],
  comparison: Comparison,
  title: string,
  path: string,
  options: DiffOptions,
): Promise<string> {
  const [before, after] = profiles;
  if (path.endsWith(".svg")) {
    const { flameSvg } = await import("../../core/render/flame/svg.ts");
    const { width } = options;
    return flameSvg(after, { title, inverted: options.icicle, before: { profile: before, comparison, width } });
  }
  if (path.endsWith(".html")) {
    const { profileHtml } = await import("../../core/render/profile_page/page.ts");
    return profileHtml(after, {
      title,
      before,
      share: comparison.by === "share",
      tab: options.icicle ? "icicle" : "flame",
    });
  }
  const changes = functionChanges(before, after, comparison);
  if (path.endsWith(".json") || path.endsWith(".csv")) {
    const diff = changesTable(changes, comparison, profiles);
    if (path.endsWith(".csv")) return (await import("../../core/render/csv.ts")).resultToCsv(diff);
    const { by, type, total, events } = comparison;
    const compared = { by, sample_type: type.name, unit: type.unit, total, samples: events };
    return JSON.stringify({ schema: 1, compared, results: resultsToJson({ diff }) }, null, 2) + "\n";
  }
  const { renderDiff } = await import("../../core/render/terminal/diff.ts");
  const look = path === "" ? renderOptions() : { color: false, width: 160, lang: "en" as const };
  return renderDiff(changes, comparison, profiles, look, options.limit ?? 30) + "\n";
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
