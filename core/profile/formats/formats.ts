import type { ProfileFormat } from "./format.ts";

/** What is known of a format before its code is loaded. `name` and `endings` are those of the format. */
export interface FormatEntry {
  readonly name: string;
  readonly endings: readonly string[];
  load(): Promise<ProfileFormat>;
}

/**
 * All formats of profiles, those first whose beginning cannot be mistaken: the order in which files are sniffed. Their
 * code is loaded when it is needed. How to add one: docs/adding-a-profile-format.md.
 */
export const PROFILE_FORMATS: readonly FormatEntry[] = [
  {
    name: "perf-script",
    endings: [".perf", ".perf.txt", ".script"],
    load: async () => (await import("./perf_script.ts")).perfScriptFormat,
  },
  {
    name: "folded",
    endings: [".folded", ".collapsed"],
    load: async () => (await import("./folded.ts")).foldedFormat,
  },
  {
    name: "stackcollapse",
    endings: [".stackcollapse"],
    load: async () => (await import("./stackcollapse.ts")).stackcollapseFormat,
  },
];
