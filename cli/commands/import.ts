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
  /** The table of branches instead of the profile. */
  readonly branches?: boolean;
}

/** Reads profiles of other tools and shows them, or writes them into a file; several become one. */
export async function importCommand(files: readonly string[], options: ImportOptions): Promise<number> {
  await checkOutput(options.output);
  if (files.filter((f) => f === "-").length > 1) throw new UsageError("Standard input can be read once");
  if (options.branches) return await showBranches(files, options);
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

async function showBranches(files: readonly string[], options: ImportOptions): Promise<number> {
  if (files.length !== 1) {
    throw new UsageError("--branches reads one file", "Addresses of two files are not comparable");
  }
  for (const name of ["format", "timeline"] as const) {
    if (options[name]) throw new UsageError(`--branches takes no --${name}`, "It reads perf.data, into a table");
  }
  const { readBranches } = await import("../read_branches.ts");
  const branches = await readBranches(files[0], terminalProgress());
  if (options.json || options.output !== undefined) await showResults({ branches }, {}, options);
  else {
    const { branchRows } = await import("../branch_rows.ts");
    await showResults({ branches: branchRows(branches) }, {}, { maxRows: SHOWN });
  }
  return EXIT.ok;
}

/** Rows of the table as text; JSON and files have all. */
const SHOWN = 40;
