import { parseOwnerName } from "./owner_name.ts";

/** What is set in the tracer that all share (the files in tracefs' own folder), besides the tracer. */
export interface TopSettings {
  /** Functions that are traced; none: all. */
  readonly set_ftrace_filter: readonly string[];
  /** Functions whose callees are traced; none: all. */
  readonly set_graph_function: readonly string[];
  /** Threads that are traced; none: all. */
  readonly set_ftrace_pid: readonly string[];
  /** How deep; 0: no limit. */
  readonly max_graph_depth: readonly string[];
}

/** The files, in the order of the marks in a name. */
export const TOP_FILES = ["set_ftrace_filter", "set_graph_function", "set_ftrace_pid", "max_graph_depth"] as const;

const KIND = "top";

/**
 * The suffix of the instance that marks that we use the shared tracer. It says what we set, so that what a killed run left
 * there can be told from what somebody else has set since.
 */
export function topSuffix(settings: TopSettings): string {
  return [KIND, ...TOP_FILES.map((file) => mark(settings[file]))].join("_");
}

/** The marks in the name of an instance, by file; null when it marks nothing. */
export function marksOf(instance: string): Readonly<Record<typeof TOP_FILES[number], string>> | null {
  const [kind, ...marks] = parseOwnerName(instance)?.suffix.split("_") ?? [];
  if (kind !== KIND || marks.length !== TOP_FILES.length) return null;
  return Object.fromEntries(TOP_FILES.map((file, i) => [file, marks[i]])) as Record<typeof TOP_FILES[number], string>;
}

/** What stands for the values of a file; their order does not matter. `0` for the default. */
export function mark(values: readonly string[]): string {
  if (values.length === 0) return "0";
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (const c of new TextEncoder().encode([...new Set(values)].sort().join("\n"))) {
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** The values that a control file tells. The kernel says in words that there are none. */
export function valuesOf(file: typeof TOP_FILES[number], text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (file === "max_graph_depth") return lines.filter((line) => line !== "0");
  if (file === "set_ftrace_pid") return lines.filter((line) => /^-?\d+$/.test(line));
  // `name [module]`, `name:traceon:unlimited`
  return lines.map((line) => line.split(/[\s:]/, 1)[0]);
}
