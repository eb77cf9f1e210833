import { parseOwnerName } from "./owner_name.ts";
import { STATE_FILES, type TopState } from "./top_state.ts";

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

/** The files, in the order in which they are set back: the threads first, since the others tell that those are ours. */
export const TOP_FILES = ["set_ftrace_pid", "set_ftrace_filter", "set_graph_function", "max_graph_depth"] as const;

/** What the name of such an instance says. */
export interface TopLeft {
  readonly marks: Readonly<Record<typeof TOP_FILES[number], string>>;
  /** As it was before. */
  readonly before: TopState;
}

const KIND = "top";

/**
 * The suffix of the instance that marks that we use the shared tracer. It says what we set, so that what a killed run left
 * there can be told from what somebody else has set since, and how the buffer was before.
 */
export function topSuffix(settings: TopSettings, before: TopState): string {
  return [KIND, ...TOP_FILES.map((file) => mark(settings[file])), ...STATE_FILES.map((file) => before[file])].join("_");
}

/** Reads the name of an instance; null when it marks nothing. */
export function parseTopSuffix(instance: string): TopLeft | null {
  const [kind, ...words] = parseOwnerName(instance)?.suffix.split("_") ?? [];
  if (kind !== KIND || words.length !== TOP_FILES.length + STATE_FILES.length) return null;
  const state = words.slice(TOP_FILES.length);
  if (!state.every((word) => /^\d{1,15}$/.test(word))) return null;
  return {
    marks: Object.fromEntries(TOP_FILES.map((file, i) => [file, words[i]])) as Record<typeof TOP_FILES[number], string>,
    before: Object.fromEntries(STATE_FILES.map((file, i) => [file, Number(state[i])])) as Record<
      keyof TopState,
      number
    >,
  };
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
