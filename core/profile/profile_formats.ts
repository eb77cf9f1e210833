import type { ProfileFormat } from "./formats/format.ts";

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
    name: "perf-data",
    endings: [".data", ".perf.data"],
    load: async () => (await import("./perf_data/perf_data_format.ts")).perfDataFormat,
  },
  {
    name: "pprof",
    endings: [".pb.gz", ".pprof", ".prof", ".pb"],
    load: async () => (await import("./formats/pprof/pprof_format.ts")).pprofFormat,
  },
  {
    name: "speedscope",
    endings: [".speedscope.json", ".speedscope"],
    load: async () => (await import("./formats/speedscope.ts")).speedscopeFormat,
  },
  {
    name: "firefox",
    endings: [".firefox.json"],
    load: async () => (await import("./formats/firefox.ts")).firefoxFormat,
  },
  {
    name: "chrome-trace",
    endings: [".trace.json"],
    load: async () => (await import("./formats/chrome_trace.ts")).chromeTraceFormat,
  },
  { name: "json", endings: [".json"], load: async () => (await import("./formats/json.ts")).jsonFormat },
  { name: "csv", endings: [".csv"], load: async () => (await import("./formats/csv.ts")).csvFormat },
  {
    name: "folded",
    endings: [".folded", ".collapsed"],
    load: async () => (await import("./formats/folded.ts")).foldedFormat,
  },
  {
    name: "perf-script",
    endings: [".perf", ".perf.txt", ".script"],
    load: async () => (await import("./formats/perf_script.ts")).perfScriptFormat,
  },
  {
    name: "stackcollapse",
    endings: [".stackcollapse"],
    load: async () => (await import("./formats/stackcollapse.ts")).stackcollapseFormat,
  },
];
