import { type Profile, UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { terminalProgress } from "../progress.ts";
import { readProfile } from "../read_profile.ts";
import { checkOutput, showResults } from "../show_results.ts";

/** Options of `sonde import`. */
export interface ImportOptions {
  readonly format?: string;
  readonly output?: string;
  readonly json?: boolean;
  readonly timeline?: boolean;
}

/** Reads profiles of other tools and shows them, or writes them into a file; several become one. */
export async function importCommand(files: readonly string[], options: ImportOptions): Promise<number> {
  checkOutput(options.output);
  if (files.filter((f) => f === "-").length > 1) throw new UsageError("Standard input can be read once");
  const profiles: Profile[] = [];
  for (const file of files) {
    const progress = terminalProgress();
    profiles.push(await readProfile(file, { ...options, progress }));
  }
  const { mergeProfiles } = await import("../../core/data/merge_profiles.ts");
  const profile = profiles.length === 1 ? profiles[0] : mergeProfiles(profiles);
  const title = files.map((f) => f === "-" ? "standard input" : f.slice(f.lastIndexOf("/") + 1)).join(" + ");
  await showResults({ profile }, {}, { ...options, title });
  return EXIT.ok;
}
